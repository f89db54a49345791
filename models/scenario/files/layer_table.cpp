// `layer_table`: a network that is no transformer, read from a CSV file layer by layer.
#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <numeric>

#include "models/scenario/files/table_lines.h"
#include "models/scenario/reading.h"
#include "sim/base/quantity.h"

namespace orrery::models {
namespace {

constexpr std::uintmax_t kLargestTable = 16u << 20;
constexpr double kMostNumber = 1e18;
const std::vector<std::string> kHeader = {"name", "forward_flops", "parameters", "activation_bytes", "output_bytes"};

// The four numbers of a row; a fault and nothing where one is none.
std::optional<std::array<double, 4>> numbers(Reading& reading, const TableLine& line) {
  if (line.cells.size() != kHeader.size()) {
    reading.fail(line.where, "a layer needs a name and 4 numbers");
    return std::nullopt;
  }
  std::array<double, 4> values{};
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Result<double> value = parse_number(line.cells[i + 1], line.where);
    if (!value || *value < 0 || *value > kMostNumber) {
      reading.fail(line.where, quote(line.cells[i + 1]) + " is no " + kHeader[i + 1] + ": a number from 0 to 1e18");
      return std::nullopt;
    }
    values[i] = *value;
  }
  return values;
}

void read_rows(Reading& reading, const std::vector<TableLine>& lines, const Where& asked_at) {
  if (lines.size() < 2 || lines.front().cells != kHeader)
    return reading.fail(lines.empty() ? asked_at : lines.front().where,
                        "a layer table begins with 'name,forward_flops,parameters,activation_bytes,output_bytes' and "
                        "has a line for each layer");
  constexpr std::size_t kMostLayers = 100'000;
  if (lines.size() > kMostLayers) return reading.fail(asked_at, "a layer table has at most 99,999 layers");
  for (std::size_t i = 1; i < lines.size(); ++i)
    if (const auto row = numbers(reading, lines[i]))
      reading.scenario.model.table.push_back({lines[i].cells.front(), (*row)[0], std::llround((*row)[1]),
                                              Bytes{std::llround((*row)[2])}, Bytes{std::llround((*row)[3])}});
}

Node scalar(std::string text, const Where& where) {
  Node node;
  node.kind = Node::Kind::scalar;
  node.text = std::move(text);
  node.where = where;
  return node;
}

// What the section asks of any model, so that the rest of it need not know of tables.
void add_shape(Node& model, std::size_t layers, const Where& where) {
  const std::array<std::pair<const char*, std::string>, 10> shape{{{"layers", std::to_string(layers)},
                                                                   {"hidden", "1"},
                                                                   {"heads", "1"},
                                                                   {"kv_heads", "1"},
                                                                   {"head_dim", "1"},
                                                                   {"ffn", "1"},
                                                                   {"vocab", "1"},
                                                                   {"bias", "false"},
                                                                   {"positions", "none"},
                                                                   {"tied_embeddings", "false"}}};
  for (const auto& [key, value] : shape) model.entries.push_back({key, where, scalar(value, where)});
}

}  // namespace

Node with_layer_table(Reading& reading, const Node& model) {
  const Node* named = model.is_map() ? model.find("layer_table") : nullptr;
  if (!named || !named->is_scalar()) return model;
  for (const Node::Entry& entry : model.entries)
    if (entry.key != "layer_table" && entry.key != "preset")
      reading.fail(entry.key_where,
                   quote(entry.key) + " has no meaning beside a layer_table, which is the whole model");

  // Beside the file that names it.
  const std::string path = (std::filesystem::path(named->where.file).parent_path() / named->text).string();
  std::error_code none;
  std::ifstream file(path, std::ios::binary);
  if (!file || !std::filesystem::is_regular_file(path, none))
    reading.fail(named->where, quote(named->text) + ": cannot open the layer table", Fault::io);
  else if (std::filesystem::file_size(path, none) > kLargestTable)
    reading.fail(named->where, quote(named->text) + " is larger than 16 MiB");
  else
    read_rows(reading, table_lines(file, path), named->where);
  const auto& table = reading.scenario.model.table;
  Node shaped;
  shaped.kind = Node::Kind::map;
  shaped.where = model.where;
  shaped.entries.push_back({"layer_table", named->where, *named});
  add_shape(shaped, std::max<std::size_t>(1, table.size()), named->where);
  return shaped;
}

namespace {

// Whether `chunks` stages of at most `most` operations each take all layers.
bool fits(const std::vector<TableLayer>& table, std::size_t chunks, double most) {
  std::size_t used = 1;
  double stage = 0;
  for (const TableLayer& layer : table) {
    if (layer.forward_flops > most) return false;
    if (stage + layer.forward_flops > most) {
      ++used;
      stage = 0;
    }
    stage += layer.forward_flops;
  }
  return used <= chunks;
}

}  // namespace

// The least of the largest stages by bisection; then every stage takes what fits in it and leaves one layer
// to each that follows.
std::vector<int> stages_of_table(const std::vector<TableLayer>& table, int chunks) {
  const auto stages = static_cast<std::size_t>(chunks);
  if (stages > table.size()) return {};
  double low = 0, high = 0;
  for (const TableLayer& layer : table) high += layer.forward_flops;
  constexpr int kHalvings = 60;
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = (low + high) / 2;
    (fits(table, stages, middle) ? high : low) = middle;
  }
  std::vector<int> layers(stages, 0);
  std::size_t stage = 0;
  double filled = 0;
  for (std::size_t i = 0; i < table.size(); ++i) {
    const bool needed = table.size() - i == stages - stage - 1;  // one layer for each stage behind
    const bool full = filled + table[i].forward_flops > high;
    if (layers[stage] > 0 && (full || needed) && stage + 1 < stages) {
      ++stage;
      filled = 0;
    }
    ++layers[stage];
    filled += table[i].forward_flops;
  }
  return layers;
}

void check_layer_table(Reading& reading) {
  const Scenario& s = reading.scenario;
  if (s.model.table.empty()) return;
  const auto refuse = [&](std::string_view key, bool asked, const std::string& why) {
    if (asked) reading.fail(key, why);
  };
  refuse("layout.tp", s.layout.tp > 1, "the layers of a layer_table are not split: tp must be 1");
  refuse("layout.cp", s.layout.cp > 1, "the samples of a layer_table are not split: cp must be 1");
  refuse("layout.ep", s.layout.ep > 1, "a layer_table has no experts: ep must be 1");
  const Recompute::Kind kind = s.training.recompute.kind;
  refuse(
      "training.recompute",
      kind == Recompute::Kind::selective || kind == Recompute::Kind::selective_op || kind == Recompute::Kind::modules,
      "layers of a layer_table are computed again as a whole or not at all: none, full, {full_layers: n} or {every: "
      "n}");
}

}  // namespace orrery::models

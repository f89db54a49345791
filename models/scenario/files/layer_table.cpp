// `layer_table`: a network that is no transformer, read from a CSV file layer by layer.
#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <numeric>

#include "models/scenario/files/table_lines.h"
#include "models/scenario/reading.h"
#include "sim/base/read/quantity.h"

namespace orrery::models {
namespace {

constexpr std::uintmax_t kLargestTable = 16u << 20;
constexpr double kMostNumber = 1e18;
constexpr std::size_t kNumbers = 4;
const std::vector<std::string> kHeader = {"name", "forward_flops", "parameters", "activation_bytes", "output_bytes"};
constexpr const char* kSplitHeader[] = {"input", "output"};  // may follow

// The name of a value, where an enum's come in its order.
template <class Enum, std::size_t N>
std::optional<Enum> named_value(const std::string& cell, const std::array<const char*, N>& names) {
  for (std::size_t i = 0; i < N; ++i)
    if (cell == names[i]) return static_cast<Enum>(i);
  return std::nullopt;
}

// Whether the table begins as one does; how its rows go on then.
bool is_header(const std::vector<std::string>& cells) {
  if (cells.size() < kHeader.size() || cells.size() > kHeader.size() + std::size(kSplitHeader)) return false;
  for (std::size_t i = 0; i < cells.size(); ++i)
    if (cells[i] != (i < kHeader.size() ? kHeader[i] : kSplitHeader[i - kHeader.size()])) return false;
  return true;
}

// The four numbers of a row; a fault and nothing where one is none.
std::optional<std::array<double, kNumbers>> numbers(Reading& reading, const TableLine& line) {
  std::array<double, kNumbers> values{};
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

// A number of groups says that a rank needs but its own part of the input.
bool read_input(const std::string& cell, TableLayer& layer) {
  constexpr double kMostGroups = 1e6;
  const auto named = named_value<TableInput>(cell, std::array{"whole", "own"});
  const Result<double> groups = parse_number(cell, {});
  const bool counted = groups.ok() && *groups >= 2 && *groups <= kMostGroups && *groups == std::floor(*groups);
  layer.reads = named.value_or(TableInput::own);
  if (counted) layer.groups = static_cast<int>(*groups);
  return named || counted;
}

// How the row is split over tensor-parallel ranks, in the cells behind the numbers.
void read_split(Reading& reading, const TableLine& line, TableLayer& layer) {
  const std::size_t input = kHeader.size(), output = input + 1;
  const auto cell = [&](std::size_t i, const char* absent) { return i < line.cells.size() ? line.cells[i] : absent; };
  const std::string in = cell(input, "whole"), out = cell(output, "own");
  const auto makes = named_value<TableOutput>(out, std::array{"own", "sum", "scatter", "whole"});
  if (!read_input(in, layer))
    reading.fail(line.where, quote(in) + " is no input: whole, own, or a number of groups from 2 on");
  if (!makes) reading.fail(line.where, quote(out) + " is no output: own, sum, scatter or whole");
  layer.makes = makes.value_or(TableOutput::own);
  if (layer.reads == TableInput::own && !layer.is_split())
    reading.fail(line.where, "a layer that each rank computes as a whole (output whole) needs its input whole");
}

void read_row(Reading& reading, const TableLine& line, std::size_t columns) {
  if (line.cells.size() != columns)
    return reading.fail(line.where, columns == kHeader.size() ? "a layer needs a name and 4 numbers"
                                                              : "a layer needs a name, 4 numbers and how it is split");
  const auto row = numbers(reading, line);
  if (!row) return;
  TableLayer layer{line.cells.front(), (*row)[0], std::llround((*row)[1]), Bytes{std::llround((*row)[2])},
                   Bytes{std::llround((*row)[3])}};
  read_split(reading, line, layer);
  reading.scenario.model.table.push_back(std::move(layer));
}

void read_rows(Reading& reading, const std::vector<TableLine>& lines, const Where& asked_at) {
  if (lines.size() < 2 || !is_header(lines.front().cells))
    return reading.fail(lines.empty() ? asked_at : lines.front().where,
                        "a layer table begins with 'name,forward_flops,parameters,activation_bytes,output_bytes' "
                        "(behind which 'input' and 'output' may follow) and has a line for each layer");
  constexpr std::size_t kMostLayers = 100'000;
  if (lines.size() > kMostLayers) return reading.fail(asked_at, "a layer table has at most 99,999 layers");
  for (std::size_t i = 1; i < lines.size(); ++i) read_row(reading, lines[i], lines.front().cells.size());
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

Node with_layer_table(Reading& reading, Node model) {
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

}  // namespace orrery::models

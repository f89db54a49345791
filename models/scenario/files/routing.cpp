// `routing` of a model with experts: a rule, or a file of loads.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "models/scenario/files/table_lines.h"
#include "models/scenario/reading.h"
#include "sim/base/read/quantity.h"

namespace orrery::models {
namespace {

constexpr std::uintmax_t kLargestFile = 64u << 20;
constexpr std::int64_t kMostLayers = 100'000, kMostExperts = 100'000;

// Loads by (layer, expert); layer 0 where the file has no such column.
class LoadsFile {
 public:
  LoadsFile(Reading& reading, const std::string& path) : reading_(reading), path_(path) {}

  void read(std::istream& file) {
    const std::vector<TableLine> lines = table_lines(file, path_);
    if (lines.empty() || !columns(lines.front())) return;
    for (std::size_t i = 1; i < lines.size() && !faulty_; ++i) row(lines[i]);
    if (!faulty_) store(lines.front().where);
  }

 private:
  bool columns(const TableLine& header) {
    by_layer_ = header.cells == std::vector<std::string>{"layer", "expert", "load"};
    if (by_layer_ || header.cells == std::vector<std::string>{"expert", "load"}) return true;
    fail(header.where, "the first line of a file of loads must be 'expert,load' or 'layer,expert,load'");
    return false;
  }

  void row(const TableLine& line) {
    const std::size_t width = by_layer_ ? 3 : 2;
    if (line.cells.size() != width) {
      fail(line.where, "needs " + std::to_string(width) + " numbers");
      return;
    }
    const auto layer = by_layer_ ? index(line, 0, kMostLayers) : 0;
    const auto expert = index(line, by_layer_ ? 1 : 0, kMostExperts);
    const Result<double> load = parse_number(line.cells.back(), line.where);
    if (!load || *load < 0) fail(line.where, "a load must be a number that is not below 0");
    if (faulty_) return;
    if (!loads_[layer].emplace(expert, *load).second)
      fail(line.where, "expert " + std::to_string(expert) + " stands here a second time");
  }

  std::int64_t index(const TableLine& line, std::size_t cell, std::int64_t most) {
    const Result<double> value = parse_number(line.cells[cell], line.where);
    if (value && *value >= 0 && *value < static_cast<double>(most) && *value == std::floor(*value))
      return static_cast<std::int64_t>(*value);
    fail(line.where, quote(line.cells[cell]) + " is not a layer or an expert, counted from 0");
    return 0;
  }

  void store(const Where& where) {
    MoeSpec& moe = *reading_.scenario.model.moe;
    for (const auto& [layer, loads] : loads_) {
      std::vector<double> row(static_cast<std::size_t>(moe.experts), 0);
      double sum = 0;
      for (const auto& [expert, load] : loads) {
        if (expert >= moe.experts) {
          fail(where, "speaks of expert " + std::to_string(expert) + ", but there are " + std::to_string(moe.experts));
          return;
        }
        row[static_cast<std::size_t>(expert)] = load;
        sum += load;
      }
      if (sum <= 0) {
        fail(where, "layer " + std::to_string(layer) + " has no load at all");
        return;
      }
      moe.loads.push_back(std::move(row));
    }
    if (moe.loads.empty()) fail(where, "has no loads");
  }

  void fail(const Where& where, std::string what) {
    faulty_ = true;
    reading_.fail(where, std::move(what));
  }

  Reading& reading_;
  std::string path_;
  bool by_layer_ = false, faulty_ = false;
  std::map<std::int64_t, std::map<std::int64_t, double>> loads_;
};

}  // namespace

void read_routing(Reading& reading, const Key& key, const Node& node) {
  MoeSpec& moe = reading.scenario.model.moe ? *reading.scenario.model.moe : reading.scenario.model.moe.emplace();
  if (!node.is_scalar()) {
    reading.fail(node.where, quote(key.name()) + " must be balanced, zipf, power-law or a file, but is " +
                                 std::string(describe(node)));
    return;
  }
  moe.routing = node.text;
}

// The number of experts is known only once the section is read.
void read_loads(Reading& reading) {
  if (!reading.scenario.model.moe || !reading.knows({"model.moe"})) return;
  MoeSpec& moe = *reading.scenario.model.moe;
  for (const char* rule : {"balanced", "zipf", "power-law"})
    if (moe.routing == rule) return;
  const std::string path = (std::filesystem::path(reading.folder) / moe.routing).string();
  std::error_code none;
  std::ifstream file(path, std::ios::binary);
  if (!file || !std::filesystem::is_regular_file(path, none)) {
    const bool word = moe.routing.find('.') == std::string::npos && moe.routing.find('/') == std::string::npos;
    reading.fail(reading.at("model.moe.routing"),
                 quote(moe.routing) + (word ? " is neither balanced, zipf, power-law nor a file that can be opened"
                                            : ": cannot open the file of loads"),
                 word ? Fault::input : Fault::io);
    return;
  }
  if (std::filesystem::file_size(path, none) > kLargestFile)
    return reading.fail(reading.at("model.moe.routing"), quote(moe.routing) + " is larger than 64 MiB");
  LoadsFile(reading, path).read(file);
}

}  // namespace orrery::models

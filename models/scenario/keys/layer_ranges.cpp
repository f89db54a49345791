// Layouts of single layers: layout.by_layers.
#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "models/scenario/reading.h"

namespace orrery::models {
namespace {

// A model's layers are counted in an int; no range needs more digits.
constexpr int kHighestLayer = 1'000'000;

std::optional<int> layer(std::string_view text) {
  int n = 0;
  const auto [rest, problem] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (problem != std::errc() || rest != text.data() + text.size() || n < 0 || n > kHighestLayer) return std::nullopt;
  return n;
}

// "0-15", or "7" for one layer.
std::optional<LayerRange> range_of(std::string_view text) {
  const std::size_t dash = text.find('-');
  const std::optional<int> first = layer(text.substr(0, dash));
  const std::optional<int> last = dash == std::string_view::npos ? first : layer(text.substr(dash + 1));
  if (!first || !last || *first > *last) return std::nullopt;
  return LayerRange{*first, *last, 1};
}

using Placed = std::pair<LayerRange, Where>;

std::optional<Placed> read_range(Reading& reading, const Node& node) {
  Fields fields(node, "by_layers", reading.errors);
  fields.require({"layers", "tp"});
  const auto layers = fields.text("layers");
  const auto tp = fields.count("tp", 1, 1 << 20);
  fields.finish();
  if (!layers) return std::nullopt;
  std::optional<LayerRange> range = range_of(*layers);
  if (!range)
    reading.fail(fields.at("layers"), "'layers' is " + quote(*layers) +
                                          ", but must be the first and the last of neighbours, counted from 0, as "
                                          "0-15, or one, as 7");
  if (!range || !tp) return std::nullopt;
  range->tp = static_cast<int>(*tp);
  return Placed{*range, node.where};
}

}  // namespace

void read_by_layers(Reading& reading, const Key& key, const Node& node) {
  if (!node.is_list())
    return reading.fail(node.where, quote(key.name()) + " must be a list such as [{layers: 0-15, tp: 4}], but is " +
                                        std::string(describe(node)));
  std::vector<Placed> ranges;
  for (const Node& item : node.items)
    if (const std::optional<Placed> range = read_range(reading, item)) ranges.push_back(*range);
  std::stable_sort(ranges.begin(), ranges.end(),
                   [](const Placed& a, const Placed& b) { return a.first.first < b.first.first; });
  for (const auto& [range, where] : ranges) {
    reading.scenario.places[std::string(key.path) + '.' + std::to_string(reading.scenario.layout.by_layers.size())] =
        where;
    reading.scenario.layout.by_layers.push_back(range);
  }
}

}  // namespace orrery::models

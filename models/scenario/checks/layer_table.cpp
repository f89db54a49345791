// A model that is a layer table: what a layout can do with it, and whether tp divides what it splits.
#include <string>

#include "models/scenario/reading.h"

namespace orrery::models {
namespace {

// The first of what tp does not divide; empty: all is divided. `next`: the layer behind, if any.
std::string not_divided(const TableLayer& layer, const TableLayer* next, int tp) {
  const bool cut_behind = next && next->reads == TableInput::own;
  const auto rest = [&](std::int64_t n) { return n % tp != 0; };
  const auto says = [](std::int64_t n, const char* what) { return std::to_string(n) + ' ' + what; };
  if (layer.groups > 0 && rest(layer.groups)) return says(layer.groups, "groups");
  if (layer.is_split() && rest(layer.parameters)) return says(layer.parameters, "parameters");
  if (layer.hands_part() && rest(layer.activations.n)) return says(layer.activations.n, "activation_bytes");
  if ((layer.hands_part() || cut_behind) && rest(layer.output.n)) return says(layer.output.n, "output_bytes");
  return {};
}

void check_division(Reading& reading) {
  const std::vector<TableLayer>& table = reading.scenario.model.table;
  const int tp = reading.scenario.layout.tp;
  std::string first;
  std::size_t others = 0;
  for (std::size_t i = 0; i < table.size(); ++i) {
    const std::string what = not_divided(table[i], i + 1 < table.size() ? &table[i + 1] : nullptr, tp);
    if (what.empty()) continue;
    if (first.empty())
      first = what + " of layer " + quote(table[i].name);
    else
      ++others;
  }
  if (first.empty()) return;
  reading.fail("layout.tp", "tp " + std::to_string(tp) + " does not divide the " + first +
                                (others > 0 ? ", nor " + std::to_string(others) + " other layers" : std::string()) +
                                "; a layer that every rank computes as a whole has output 'whole' in its table");
}

}  // namespace

void check_layer_table(Reading& reading) {
  const Scenario& s = reading.scenario;
  if (s.model.table.empty()) return;
  const auto refuse = [&](std::string_view key, bool asked, const std::string& why) {
    if (asked) reading.fail(key, why);
  };
  if (reading.knows({"layout.tp"}) && s.layout.tp > 1) check_division(reading);
  refuse("layout.tp_dimensions", s.layout.tp_dimensions != TensorDimensions::line,
         "the layers of a layer_table are split one way: tp_dimensions must be 1d");
  refuse("layout.cp", s.layout.cp > 1, "the samples of a layer_table are not split: cp must be 1");
  refuse("layout.ep", s.layout.ep > 1, "a layer_table has no experts: ep must be 1");
  if (!s.layout.by_layers.empty()) reading.not_yet(reading.at("layout.by_layers"), "'by_layers' on a layer_table");
  const Recompute::Kind kind = s.training.recompute.kind;
  refuse(
      "training.recompute",
      kind == Recompute::Kind::selective || kind == Recompute::Kind::selective_op || kind == Recompute::Kind::modules,
      "layers of a layer_table are computed again as a whole or not at all: none, full, {full_layers: n} or {every: "
      "n}");
}

}  // namespace orrery::models

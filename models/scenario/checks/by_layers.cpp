// Layers with a tensor-parallel degree of their own: whether the ranges are the model's,
// and the ranks and samples divide over each.
#include <string>

#include "models/layout/layer_degrees.h"
#include "models/scenario/reading.h"

namespace orrery::models {
namespace {

std::string text(std::int64_t n) {
  return std::to_string(n);
}

std::string key_of(std::size_t range) {
  return "layout.by_layers." + std::to_string(range);
}

std::string named(const LayerRange& range) {
  return (range.first == range.last ? "layer " : "layers ") + layers_text(range);
}

std::string with_place(const Reading& reading, std::string_view what, std::string_view key) {
  const Where& at = reading.at(key);
  return std::string(what) + " (" + at.file + ":" + text(at.line) + ":" + text(at.column) + ")";
}

void check_ranges(Reading& reading) {
  const Scenario& s = reading.scenario;
  const std::vector<LayerRange>& ranges = s.layout.by_layers;
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    if (reading.knows({"model.layers"}) && ranges[i].last >= s.model.layers)
      reading.fail(key_of(i), named(ranges[i]) + ", but the model has " + text(s.model.layers) + " layers, 0 to " +
                                  text(s.model.layers - 1));
    if (i > 0 && ranges[i].first <= ranges[i - 1].last)
      reading.fail(key_of(i),
                   named(ranges[i]) + " overlap " + with_place(reading, named(ranges[i - 1]), key_of(i - 1)));
  }
}

// Whether one range's degree goes with the layout, the batch and the model's heads.
void check_degree(Reading& reading, std::size_t i) {
  const Scenario& s = reading.scenario;
  const LayerRange& range = s.layout.by_layers[i];
  const std::string tp = named(range) + ": tp " + text(range.tp), whole = "the layout's tp " + text(s.layout.tp);
  if (s.layout.tp % range.tp != 0)
    return reading.fail(key_of(i), tp + (range.tp > s.layout.tp ? " is more than " : " does not divide ") + whole +
                                       ", which is the largest of all layers'");
  const int sets = s.layout.tp / range.tp;
  if (reading.knows({"training.micro_batch"}) && s.training.micro_batch % sets != 0)
    reading.fail(key_of(i), "micro_batch " + text(s.training.micro_batch) + " is not a multiple of tp " +
                                text(s.layout.tp) + " / " + text(range.tp) + " = " + text(sets) +
                                ": so many sets of ranks compute " + named(range) + ", each on samples of its own");
  if (s.model.mla || !reading.knows({"model.kv_heads"})) return;
  if (s.model.kv_heads % range.tp != 0 && range.tp % s.model.kv_heads != 0)
    reading.fail(key_of(i), tp + " and kv_heads " + text(s.model.kv_heads) + ": neither divides the other");
}

// Samples go over between degrees of which one divides the other.
void check_neighbours(Reading& reading) {
  const LayoutSpec& layout = reading.scenario.layout;
  for (std::size_t i = 1; i < layout.by_layers.size(); ++i) {
    const LayerRange &before = layout.by_layers[i - 1], &here = layout.by_layers[i];
    if (before.last + 1 != here.first || before.tp % here.tp == 0 || here.tp % before.tp == 0) continue;
    reading.not_yet(reading.at(key_of(i)), named(here) + " at tp " + text(here.tp) + " next to tp " + text(before.tp) +
                                               ", where neither divides the other,");
  }
}

void refuse_beside(Reading& reading) {
  const Scenario& s = reading.scenario;
  const auto beside = [&](bool asked, std::string_view key, const std::string& what) {
    if (asked) reading.not_yet(reading.at(key), what + " beside layout.by_layers");
  };
  beside(s.model.moe.has_value(), "model.moe", "a model with experts");
  beside(s.model.mtp_layers > 0, "model.mtp_layers", "multi-token prediction");
  beside(s.layout.tp_dimensions != TensorDimensions::line, "layout.tp_dimensions", "tp_dimensions other than 1d");
  beside(s.layout.fsdp == "hybrid_shard", "layout.fsdp", "fsdp hybrid_shard");
  beside(reading.written("layout.shard_group"), "layout.shard_group", "'shard_group'");
  beside(s.layout.optimizer_instances > 1, "layout.optimizer_instances", "'optimizer_instances'");
  beside(s.layout.zeropp.any(), "layout.zeropp", "'zeropp'");
  if (!reading.knows({"layout.dp", "layout.cp"}) || s.layout.dp * s.layout.cp > 1) return;
  // Then layers at the layout's tp have no replicas, and those below it do.
  const std::string alone = " where dp*cp is 1";
  beside(s.layout.zero >= 2, "layout.zero", "zero " + text(s.layout.zero) + alone);
  beside(!s.layout.fsdp.empty() && s.layout.fsdp != "no_shard" && s.layout.fsdp != "hybrid_shard", "layout.fsdp",
         "fsdp " + s.layout.fsdp + alone);
  beside(s.layout.offload.any(), "layout.offload", "'offload'" + alone);
}

}  // namespace

void check_by_layers(Reading& reading) {
  const LayoutSpec& layout = reading.scenario.layout;
  if (layout.by_layers.empty() || !reading.knows({"layout.by_layers"})) return;
  check_ranges(reading);
  if (!reading.knows({"layout.tp"}) || !has_layer_degrees(layout)) return;
  for (std::size_t i = 0; i < layout.by_layers.size(); ++i) check_degree(reading, i);
  check_neighbours(reading);
  refuse_beside(reading);
}

}  // namespace orrery::models

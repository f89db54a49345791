// Where states go besides the GPUs of a shard group: the mappings of layout.offload and layout.zeropp.
#include "models/scenario/reading.h"

namespace orrery::models {

void read_offload(Reading& reading, const Key&, const Node& node) {
  OffloadSpec& offload = reading.scenario.layout.offload;
  Fields fields(node, "offload", reading.errors);
  const auto place = [&](const char* key, Place& target) {
    const auto name = fields.choice(key, {"none", "cpu", "nvme"});
    if (name) target = *name == "cpu" ? Place::cpu : *name == "nvme" ? Place::nvme : Place::gpu;
  };
  place("optimizer", offload.optimizer);
  place("parameters", offload.parameters);
  place("activations", offload.activations);
  fields.finish();
}

void read_zeropp(Reading& reading, const Key&, const Node& node) {
  ZeroPlusPlusSpec& zeropp = reading.scenario.layout.zeropp;
  Fields fields(node, "zeropp", reading.errors);
  zeropp.quantized_weights = fields.flag("quantized_weights").value_or(false);
  zeropp.hierarchical = fields.flag("hierarchical").value_or(false);
  zeropp.quantized_gradients = fields.flag("quantized_gradients").value_or(false);
  fields.finish();
}

}  // namespace orrery::models

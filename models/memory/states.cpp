#include "models/memory/states.h"

#include <algorithm>
#include <cmath>

#include "models/layout/layer_degrees.h"
#include "models/layout/sharding.h"

namespace orrery::models {
namespace {

bool single_precision(Precision precision) {
  return precision == Precision::fp32 || precision == Precision::tf32;
}

}  // namespace

double stored_width(Precision precision) {
  switch (precision) {
    case Precision::fp32:
    case Precision::tf32:
      return 4;
    case Precision::fp16:
    case Precision::bf16:
      return 2;
    case Precision::fp8:
    case Precision::fp8_current:
      return 1;
    case Precision::fp8_blockwise:
      return 1 + 4.0 / (128 * 128);  // fp32 scale for a block of 128 x 128
    case Precision::mxfp8:
      return 1 + 1.0 / 32;  // e8m0 scale for 32
    case Precision::nvfp4:
      return 0.5 + 1.0 / 16;  // e4m3 scale for 16
  }
  return 2;
}

double low_precision_copies(Precision precision) {
  return precision >= Precision::fp8 ? 2 * stored_width(precision) : 0;
}

namespace {

// Moments beside the master copy.
double moments(Optimizer optimizer) {
  switch (optimizer) {
    case Optimizer::adam:
      return 8;
    case Optimizer::adam_bf16:
      return 4;
    case Optimizer::adam_8bit:
      return 2;
    case Optimizer::momentum:
    case Optimizer::muon:
      return 4;                 // one fp32 buffer
    case Optimizer::adafactor:  // a row and a column for a matrix: nothing beside the rest
    case Optimizer::sgd:
    case Optimizer::custom:
      return 0;
  }
  return 0;
}

double optimizer_bytes(const TrainingSpec& training) {
  if (training.optimizer == Optimizer::custom) return training.optimizer_bytes_per_parameter;
  if (single_precision(training.precision)) return moments(training.optimizer);
  const double master = 4;
  // Megatron-LM with fp16 gradients makes an fp32 copy of them for the update.
  const bool copies_gradients = training.precision == Precision::fp16 && training.gradients != GradientType::fp32;
  return master + moments(training.optimizer) + (copies_gradients ? 4 : 0);
}

Bytes held(double bytes_per_parameter, std::int64_t parameters, bool split, const Sharding& sharding) {
  const std::int64_t here = split ? sharding.share(parameters) : parameters;
  return {static_cast<std::int64_t>(std::ceil(bytes_per_parameter * static_cast<double>(here)))};
}

StateBytes held(const StateScheme& scheme, std::int64_t parameters, const Sharding& sharding) {
  return {held(scheme.parameter, parameters, sharding.parameters, sharding),
          held(scheme.gradient, parameters, sharding.gradients, sharding),
          held(scheme.optimizer, parameters, sharding.optimizer, sharding)};
}

// FSDP's shard is the fp32 parameter that the optimizer updates, and its gradient
// is fp32 too, whatever it was reduced in; the 16-bit copy comes with gathering.
StateScheme master_shards(TrainingSpec training) {
  training.gradients = GradientType::fp32;
  const StateScheme wide = wide_state_scheme(training);
  const double master = single_precision(training.precision) ? 0 : 4;
  return {4, 4, std::max(0.0, wide.optimizer - master)};
}

// Casts are made of what was gathered, so shards have none.
StateScheme scheme_of(const TrainingSpec& training, const Sharding& sharding, bool multiplied) {
  if (sharding.shards_are_master) return master_shards(training);
  return multiplied && !sharding.parameters ? state_scheme(training) : wide_state_scheme(training);
}

// Split gradients leave for the host as soon as they are reduced.
StateBytes without_offloaded(StateBytes states, const OffloadSpec& offload, const Sharding& sharding) {
  if (offload.optimizer != Place::gpu) states.optimizer = {};
  if (offload.optimizer != Place::gpu && sharding.gradients) states.gradients = {};
  if (offload.parameters != Place::gpu) states.parameters = {};
  return states;
}

StateBytes operator+(StateBytes a, const StateBytes& b) {
  return a += b;
}

}  // namespace

double moments_width(const TrainingSpec& training) {
  if (training.optimizer != Optimizer::custom) return moments(training.optimizer);
  const double master = single_precision(training.precision) ? 0 : 4;
  return std::max(0.0, training.optimizer_bytes_per_parameter - master);
}

bool has_two_moments(Optimizer optimizer) {
  return optimizer == Optimizer::adam || optimizer == Optimizer::adam_bf16 || optimizer == Optimizer::adam_8bit;
}

StateScheme wide_state_scheme(const TrainingSpec& training) {
  const bool single = single_precision(training.precision);
  const double gradient = single || training.gradients == GradientType::fp32 ? 4 : 2;
  return {single ? 4.0 : 2.0, gradient, optimizer_bytes(training)};
}

StateScheme state_scheme(const TrainingSpec& training) {
  StateScheme scheme = wide_state_scheme(training);
  const Precision kept = training.parameters.value_or(training.precision);
  if (training.parameters && kept >= Precision::fp8) {
    scheme.parameter = low_precision_copies(kept);  // fp8 primary weights: the casts are all there is
  } else if (training.parameters && stored_width(kept) == 4 && scheme.parameter < 4) {
    scheme.parameter = 4;  // autocast: the parameter is its own master
    scheme.optimizer = std::max(0.0, scheme.optimizer - 4);
    scheme.parameter += low_precision_copies(training.precision);
  } else {
    scheme.parameter += low_precision_copies(training.precision);
  }
  return scheme;
}

StateBytes& StateBytes::operator+=(const StateBytes& more) {
  parameters += more.parameters;
  gradients += more.gradients;
  optimizer += more.optimizer;
  return *this;
}

StateBytes state_bytes(const Scenario& scenario, int degree, const HeldParameters& here, int replicas) {
  const TrainingSpec& training = scenario.training;
  const LayoutSpec& layout = scenario.layout;
  const Sharding split = sharding(degree == layout.tp ? layout : layer_layout(layout, degree), replicas);
  const StateScheme narrow = scheme_of(training, split, true), wide = scheme_of(training, split, false);
  const StateBytes all = held(narrow, here.dense - here.embeddings, split) + held(wide, here.embeddings, split) +
                         held(narrow, here.experts, expert_sharding(layout, replicas));
  return without_offloaded(all, layout.offload, split);
}

StateBytes state_bytes(const Scenario& scenario, std::int64_t dense, std::int64_t experts, std::int64_t embeddings) {
  return state_bytes(scenario, scenario.layout.tp, {dense, experts, embeddings});
}

}  // namespace orrery::models

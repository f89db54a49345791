#include "models/memory/states.h"

#include <algorithm>
#include <cmath>

namespace orrery::models {
namespace {

bool single_precision(Precision precision) {
  return precision == Precision::fp32 || precision == Precision::tf32;
}

// A cast of the weights and its transpose, with their scales.
double low_precision_copies(Precision precision) {
  switch (precision) {
    case Precision::fp8:
    case Precision::fp8_current:
      return 2;
    case Precision::fp8_blockwise:
      return 2 * (1 + 4.0 / (128 * 128));  // fp32 scale for a block of 128 x 128
    case Precision::mxfp8:
      return 2 * (1 + 1.0 / 32);  // e8m0 scale for 32
    case Precision::nvfp4:
      return 2 * (0.5 + 1.0 / 16);  // e4m3 scale for 16
    default:
      return 0;
  }
}

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

Bytes held(double bytes_per_parameter, std::int64_t parameters, bool sharded, int shards) {
  const std::int64_t here = sharded ? (parameters + shards - 1) / shards : parameters;
  return {static_cast<std::int64_t>(std::ceil(bytes_per_parameter * static_cast<double>(here)))};
}

StateBytes held(const StateScheme& scheme, std::int64_t parameters, int zero, int shards) {
  return {held(scheme.parameter, parameters, zero >= 3, shards), held(scheme.gradient, parameters, zero >= 2, shards),
          held(scheme.optimizer, parameters, zero >= 1, shards)};
}

StateBytes operator+(const StateBytes& a, const StateBytes& b) {
  return {a.parameters + b.parameters, a.gradients + b.gradients, a.optimizer + b.optimizer};
}

}  // namespace

StateScheme wide_state_scheme(const TrainingSpec& training) {
  const bool single = single_precision(training.precision);
  const double gradient = single || training.gradients == GradientType::fp32 ? 4 : 2;
  return {single ? 4.0 : 2.0, gradient, optimizer_bytes(training)};
}

StateScheme state_scheme(const TrainingSpec& training) {
  StateScheme scheme = wide_state_scheme(training);
  scheme.parameter += low_precision_copies(training.precision);
  return scheme;
}

int state_shards(const LayoutSpec& layout) {
  return layout.shard_group > 0 ? layout.shard_group : layout.dp * layout.cp;
}

int expert_state_shards(const LayoutSpec& layout) {
  return std::max(1, layout.tp * layout.cp * layout.dp / (layout.etp * layout.ep));
}

StateBytes state_bytes(const Scenario& scenario, std::int64_t dense, std::int64_t experts, std::int64_t embeddings) {
  const TrainingSpec& training = scenario.training;
  const LayoutSpec& layout = scenario.layout;
  const StateScheme narrow = state_scheme(training), wide = wide_state_scheme(training);
  return held(narrow, dense - embeddings, layout.zero, state_shards(layout)) +
         held(wide, embeddings, layout.zero, state_shards(layout)) +
         held(narrow, experts, layout.zero, expert_state_shards(layout));
}

}  // namespace orrery::models

#pragma once

#include <optional>

#include "models/scenario/scenario.h"

namespace orrery::models {

// What Megatron-LM prints as "Theoretical memory footprints" for its most loaded
// shard, reproduced to the digit (its theoretical_memory_usage.py as of 2025).
// An oracle for comparison: runs of ours count their own tensors. Biases are not
// counted; multi-token prediction is not covered.
struct MegatronReport {
  double parameters = 0;            // whole model
  double weight_and_optimizer = 0;  // bytes
  double activation = 0;            // bytes

  double total() const { return weight_and_optimizer + activation; }
};

// ZeRO 1 is Megatron-LM's distributed optimizer. Without `micro_batches` the
// pipeline counts as full.
MegatronReport megatron_report(const Scenario& scenario, std::optional<int> micro_batches = std::nullopt);

}  // namespace orrery::models

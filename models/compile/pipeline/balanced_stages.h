#pragma once

#include <cstdint>
#include <vector>

#include "models/compile/pieces/piece_template.h"
#include "models/scenario/scenario.h"

namespace orrery::models {

// What a model's pieces take on the GPUs of each stage, in nanoseconds.
struct DealCosts {
  std::vector<std::vector<std::int64_t>> layers;  // [stage][layer]
  std::vector<std::int64_t> fixed;                // [stage]: that it has in any case (embedding, head)

  std::size_t stages() const { return fixed.size(); }
};

// Layers of each stage, in order, so that the longest stage is as short as can be; of all
// such deals the one whose stages' squares add up to least. Stages between the first and the
// last have a layer at least. Dynamic programming over stages, as between operators in Alpa
// (arXiv:2201.12023, section 5) and in PipeDream. Empty where there are too few layers.
std::vector<int> deal_layers(const DealCosts& costs);

// That deal for a scenario's stages: kernels forward and backward, recomputation as the
// scenario has it, the embedding with the first and the head with the last stage, each
// stage on its own GPUs (the slowest, where its replicas are on several kinds).
std::vector<int> balanced_stages(const Scenario& scenario, KernelTable& kernels);

}  // namespace orrery::models

#pragma once

#include <vector>

#include "models/compile/compile.h"

namespace orrery::models {

// What a micro-batch takes, forward and backward, on the main streams of compiled programs: kernels
// as they cost, transfers as if they were alone. What runs beside is left out.
struct LayerSeconds {
  std::vector<double> layers;  // [layer]
  std::vector<double> others;  // [pipeline rank]: of the embedding and the head
};

LayerSeconds layer_seconds(const Scenario& scenario, const Compiled& compiled);

}  // namespace orrery::models

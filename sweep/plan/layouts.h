#pragma once

#include <vector>

#include "models/scenario/scenario.h"
#include "sweep/space.h"

namespace orrery::sweep {

// The combinations of axes (layout_axes) that fill the cluster, divide what they must, and do not
// say one thing twice (virtual stages without a pipeline). As overrides, in the order of the axes, and
// last, where `with_schedule` and no axis has it, the schedule that goes with the virtual stages.
std::vector<std::vector<models::Override>> candidate_layouts(const models::Scenario& scenario,
                                                             const std::vector<Axis>& axes, bool with_schedule);

}  // namespace orrery::sweep

#pragma once

#include <set>
#include <string>
#include <vector>

#include "models/scenario/scenario.h"
#include "sweep/space.h"

namespace orrery::sweep {

// The layouts that a plan searches for a scenario's model and cluster: TP inside an NVLink
// domain, PP, virtual stages, CP for long sequences, EP for experts, micro-batch, recomputation,
// sharding in the kind that the scenario uses (ZeRO or FSDP). Keys in `fixed` stay as they are;
// those in `also` are searched too, out of searched_on_request().
std::vector<Axis> layout_axes(const models::Scenario& scenario, const std::set<std::string>& fixed,
                              const std::set<std::string>& also = {});

// Keys that multiply a search and seldom decide it. How layers are dealt (pipeline.stage_layers)
// is no axis: it follows from a layout and what its stages cost (models/compile/balanced_stages);
// nor is what single layers do (layout.by_layers: sweep/plan/layer_choice.h).
std::vector<std::string> searched_on_request();

// The combinations of those axes that fill the cluster, divide what they must, and do not
// say one thing twice (virtual stages without a pipeline). As overrides, in the order of the axes, and
// last, where `with_schedule`, the schedule that goes with the virtual stages.
std::vector<std::vector<models::Override>> candidate_layouts(const models::Scenario& scenario,
                                                             const std::vector<Axis>& axes, bool with_schedule);

}  // namespace orrery::sweep

#pragma once

#include "gui/model/ask/lanes/lanes.h"

namespace orrery::gui {

// The paths of the lanes that one can change places with, itself included, in their
// order: nodes, processes of its node or group, tracks and counters of its process.
std::vector<std::string> siblings_of(const Lanes& lanes, const std::string& path);

// LaneChoices::moved after a lane was put before or behind another one; as it was where
// the two are no siblings. What the filter hides or is collapsed keeps its place.
std::vector<std::string> moved_beside(const TraceModel& model, const LaneChoices& choices, const std::string& path,
                                      const std::string& other, bool behind);

}  // namespace orrery::gui

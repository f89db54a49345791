#pragma once

#include <vector>

#include "gui/model/load/op_events.h"
#include "sim/trace/critical_path.h"

namespace orrery::gui {

// The events that are the segments of a critical path, in its order.
std::vector<EventRef> events_of(const OpEvents& events, const sim::CriticalPath& path);

}  // namespace orrery::gui

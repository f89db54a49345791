#pragma once

#include <vector>

#include "gui/model/store/trace_model.h"
#include "sim/critical_path.h"
#include "sim/fold.h"

namespace orrery::gui {

// The events of a model that are the segments of a critical path: of the process
// that shows the segment's rank, the shortest that covers it.
std::vector<EventRef> events_of(const TraceModel& model, const sim::CriticalPath& path, const sim::Folded* folded);

}  // namespace orrery::gui

#pragma once

#include <vector>

#include "gui/model/store/trace_model.h"

namespace orrery::gui {

// The training steps of a trace, in order, where its events say which they belong
// to ("step" among the arguments, PyTorch's "ProfilerStep#3"); else none. A step
// lasts from its first event on any rank to its last.
std::vector<TimeRange> steps_of(const TraceModel& model);

}  // namespace orrery::gui

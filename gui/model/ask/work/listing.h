#pragma once

#include <span>
#include <vector>

#include "gui/model/ask/go_on.h"
#include "gui/model/store/trace_model.h"

namespace orrery::gui {

// Events of some tracks that lie within a stretch of time, in order of their beginning, the
// first `most` of them. Of no use where it was told to give up.
std::vector<EventRef> first_events(const TraceModel& model, std::span<const std::uint32_t> tracks, TimeRange range,
                                   std::size_t most, const GoOn& go_on = {});

}  // namespace orrery::gui

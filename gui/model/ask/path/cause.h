#pragma once

#include "gui/model/store/trace_model.h"

namespace orrery::gui {

// What an idle stretch of a compute stream waited for: the transfer of the same
// process that ended as it ended. None for other events.
EventRef cause_of_wait(const TraceModel& model, EventRef wait);

// Where one comes from an event by its arrows, or for a wait by its cause; and
// where it leads to. At most `most` of them.
std::vector<EventRef> before(const TraceModel& model, EventRef event, std::size_t most);
std::vector<EventRef> after(const TraceModel& model, EventRef event, std::size_t most);

}  // namespace orrery::gui

#pragma once

#include <QString>

#include "gui/model/ask/compare/second_trace.h"

namespace orrery::gui {

// What the other trace has in place of an event: "in the second: 12.3 us, +4.0 %", or
// that it has none. Of an event of the first, and of one of the second.
QString second_text(const SecondTrace& second, const TraceModel& first, EventRef of_first);
QString first_text(const SecondTrace& second, const TraceModel& first, EventRef of_second);

}  // namespace orrery::gui

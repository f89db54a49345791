#pragma once

#include "gui/model/ask/work/roofline.h"
#include "models/run/run_scenario.h"
#include "sim/trace/trace.h"

namespace orrery::gui {

// Of a run: its kernels in the measured step, on the ranks that were simulated, with
// the peaks of the number formats that they compute in. Of unlike nodes the roofs are
// those of the first kind.
Roofline roofline_of(const models::Prepared& prepared, const sim::Trace& trace);

}  // namespace orrery::gui

#pragma once

#include <functional>
#include <string>
#include <vector>

#include "gui/model/store/trace_model.h"

namespace orrery::gui {

// The critical path of a trace's last step, from what the trace itself tells; or why it
// tells too little.
struct TracePath {
  std::vector<EventRef> events;  // sorted, each once
  std::string why_not;           // where there are none
};

// Of our traces by times, arrows and who met whom (RunWalk), of profiles by streams,
// launches and synchronisation (ProfileWalk). Asks now and then whether to go on; what
// is then told is nothing.
TracePath find_path(const TraceModel& model, const std::function<bool()>& keep_going = {});

}  // namespace orrery::gui

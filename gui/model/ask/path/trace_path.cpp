#include "gui/model/ask/path/trace_path.h"

#include <algorithm>

#include "gui/model/ask/path/profile_walk.h"
#include "gui/model/ask/path/run_walk.h"
#include "gui/model/ask/time/steps.h"

namespace orrery::gui {

TracePath find_path(const TraceModel& model, const std::function<bool()>& keep_going) {
  TracePath path;
  if (model.events() == 0) {
    path.why_not = "there are no events";
    return path;
  }
  const TimeRange range = last_step_of(model);
  const bool is_run =
      std::any_of(model.tracks().begin(), model.tracks().end(), [](const Track& track) { return track.is_overview(); });
  if (is_run) {
    path.events = RunWalk(model, range.begin).run(keep_going);
  } else if (ProfileWalk walk(model, range); walk.has_links()) {
    path.events = walk.run(keep_going);
  } else {
    path.why_not =
        "the trace does not say what waited for what: it has no arrows (flows) between its events, and no correlation "
        "numbers of launches";
  }
  std::sort(path.events.begin(), path.events.end());
  path.events.erase(std::unique(path.events.begin(), path.events.end()), path.events.end());
  return path;
}

}  // namespace orrery::gui

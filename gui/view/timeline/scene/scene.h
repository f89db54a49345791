#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "gui/model/ask/compare/second_trace.h"
#include "gui/model/ask/find/search.h"
#include "gui/model/ask/lanes/lanes.h"
#include "gui/model/ask/path/slack.h"
#include "gui/model/ask/time/viewport.h"
#include "gui/model/store/trace_model.h"
#include "gui/view/theme.h"
#include "gui/view/timeline/scene/event_colours.h"

namespace orrery::gui {

// All that a picture of a timeline depends on; a widget shows one, and so does a file.
struct Scene {
  std::shared_ptr<const TraceModel> model = std::make_shared<const TraceModel>();
  LaneChoices choices;
  Lanes lanes;
  Viewport viewport;
  int scroll = 0;  // of the lanes, in pixels
  const Theme* theme = &Theme::all().front();
  ColourBy colour_by = ColourBy::kind;
  EventColours colours;
  Marks hits, critical;
  bool show_critical = false;
  Slack slack;
  std::shared_ptr<const SecondTrace> second;  // within the lanes of the first; or none
  DifferenceColours differences;              // of its events

  void rebuild_lanes() { lanes = Lanes(*model, choices, second.get()); }
  std::function<double(const std::string& name)> ratio_of;  // for ColourBy::difference

  void rebuild_colours() {
    colours = EventColours(*model, *theme, colour_by, ratio_of);
    differences = DifferenceColours(*theme);
  }
};

}  // namespace orrery::gui

#pragma once

#include <QString>
#include <optional>

#include "gui/model/load/open_file.h"

namespace orrery::gui {

class TimelineView;

// A picture of a timeline in a file, made without a display.
struct RenderOptions {
  QString path;  // .png or .svg
  std::optional<TimeRange> zoom;
  QString select;  // part of a name: the first such event in view
  QString theme = "light", colour_by = "class", group_by = "none", filter;
  int width = 1600, height = 900;
  double scale = 1;  // pixels of a .png to one of width and height
  bool critical = false, collapse = false;
  bool window = false;                       // a .png, with menus and panels around it
  QString panel;                             // of the window: the one to show, "breakdown"
  QString file, second_file;                 // a scenario's for the panel that edits it; names of what is compared
  std::vector<models::Override> changes;     // of it
  std::shared_ptr<const TraceModel> second;  // to compare with: in the window, below the first
  bool overlay = false;                      // or within its lanes, with or without the window
  struct Align {
    std::int64_t first = 0;
    std::optional<std::int64_t> second;  // the same number where it is not said
  };
  std::optional<Align> align;  // numbers of the steps of both that begin together
  bool page = false;           // the page of the result, which a scenario's run has too
};

// An empty text, or what went wrong.
QString render(const Opened& opened, const RenderOptions& options);
// The points of a sweep: the chart and the best as a table.
QString render_sweep(const RenderOptions& options);
// A timeline as it is on the screen.
QString write_timeline(TimelineView& view, const QString& path);

}  // namespace orrery::gui

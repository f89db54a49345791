#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gui/model/ask/path/slack.h"
#include "gui/model/ask/work/roofline.h"
#include "gui/model/result/result_page.h"
#include "gui/model/store/trace_model.h"
#include "interop/trace/rank_range.h"
#include "models/scenario/reader.h"
#include "sim/base/duration.h"
#include "sim/base/result.h"

namespace orrery::gui {

// Who watches a file being opened. Called from the thread that opens it.
struct OpenWatch {
  std::function<void(double share, const std::string& what)> progress = [](double, const std::string&) {};
  // What there is so far, while it is little enough to be worth the copy.
  std::function<void(std::shared_ptr<const TraceModel>)> so_far;
  std::atomic<bool> stop = false;
};

// What of it.
struct OpenOptions {
  std::vector<interop::RankRange> ranks;     // empty: all of a trace, one of each set of equal ones of a scenario
  std::vector<models::Override> overrides;   // of a scenario's keys
  std::optional<std::uint64_t> sweep_point;  // of a scenario with a sweep
  std::optional<Time> from, to;              // of a trace: what reaches into [from, to)
};

// What came of it.
struct Opened {
  std::shared_ptr<const TraceModel> model;   // null if cancelled, and of a result
  std::shared_ptr<const ResultPage> page;    // of a result, and of a scenario's run
  std::vector<EventRef> critical_path;       // of a scenario's run, and of a trace that tells of slack
  Slack slack;                               // of the same
  std::shared_ptr<const Roofline> roofline;  // null of a result
  std::string summary;                       // of a scenario's run: what `orrery run` prints
  bool is_scenario = false, cancelled = false;
  std::vector<std::string> remarks;  // what a person should know: events skipped, ranks left out
};

// A scenario (.yaml) is run, a result of orrery is shown as a page, anything else is
// read as a trace.
Result<Opened> open_file(const std::string& path, OpenWatch& watch, const OpenOptions& options = {});

// Chrome JSON, Kineto, .pftrace; through .gz and .zst.
Result<Opened> open_trace(const std::string& path, OpenWatch& watch, const OpenOptions& options = {});
// Result documents of orrery run, validate and memory (--format json).
Result<Opened> open_result(const std::string& path);
// Throws models::InternalError where a program cannot go on, which is our fault.
Result<Opened> open_scenario(const std::string& path, OpenWatch& watch, const OpenOptions& options = {});

}  // namespace orrery::gui

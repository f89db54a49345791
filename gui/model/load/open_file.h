#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gui/model/store/trace_model.h"
#include "sim/base/result.h"

namespace orrery::gui {

// Who watches a file being opened. Called from the thread that opens it.
struct OpenWatch {
  std::function<void(double share, const std::string& what)> progress = [](double, const std::string&) {};
  // What there is so far, while it is little enough to be worth the copy.
  std::function<void(std::shared_ptr<const TraceModel>)> so_far;
  std::atomic<bool> stop = false;
};

// What came of it.
struct Opened {
  std::shared_ptr<const TraceModel> model;
  std::vector<EventRef> critical_path;
  bool cancelled = false;
  std::vector<std::string> remarks;  // what a person should know: events skipped, arguments left out
};

// By what is in it, as far as its name does not say: a scenario is run, a trace is read.
Result<Opened> open_file(const std::string& path, OpenWatch& watch);

// Reads a trace: Chrome JSON, Kineto, .pftrace; through .gz and .zst.
Result<Opened> open_trace(const std::string& path, OpenWatch& watch);

}  // namespace orrery::gui

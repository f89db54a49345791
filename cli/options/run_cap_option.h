#pragma once

#include <memory>
#include <string>

#include "sim/base/duration.h"
#include "sim/base/result.h"
#include "sweep/run_cap.h"

namespace CLI {
class App;
}

namespace orrery::cli {

// How long the run of one point of a sweep may take.
struct RunCapOption {
  std::string text;

  void add_to(CLI::App& command);
  // What is wrong with it. Before make().
  Errors read();
  // Whether a run may take so long.
  bool allows(double seconds) const { return text.empty() || seconds < cap_.seconds(); }
  // Null: runs may take as long as they take.
  std::unique_ptr<sweep::RunCap> make() const;

 private:
  Duration cap_;
};

}  // namespace orrery::cli

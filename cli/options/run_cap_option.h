#pragma once

#include <memory>
#include <string>

#include "sim/base/duration.h"
#include "sim/base/result.h"
#include "sweep/point.h"
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
  // Whether it gives more time to what took too long before.
  bool takes_up(const sweep::Outcome& outcome) const {
    return outcome.status == sweep::Status::timeout && (text.empty() || outcome.wall_s < cap_.seconds());
  }
  // Null: runs may take as long as they take.
  std::unique_ptr<sweep::RunCap> make() const;

 private:
  Duration cap_;
};

}  // namespace orrery::cli

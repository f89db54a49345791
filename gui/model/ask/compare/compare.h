#pragma once

#include <map>
#include <string>
#include <vector>

#include "gui/model/store/trace_model.h"

namespace orrery::gui {

// Two traces, operation by operation: what each takes of a rank's step in one and in
// the other. A trace that says its steps is taken at its last one; else all of it.
class Comparison {
 public:
  struct Change {
    std::string name;
    EventClass is = EventClass::other;
    std::uint64_t count_a = 0, count_b = 0;
    double time_a = 0, time_b = 0;  // ns, mean over the ranks that a trace shows

    double difference() const { return time_b - time_a; }
  };

  Comparison() = default;
  Comparison(const TraceModel& a, const TraceModel& b);

  // The largest absolute difference first.
  const std::vector<Change>& changes() const { return changes_; }
  // What one event of that name takes in B against A; 1 where it is only in one.
  double ratio_of(const std::string& name) const;
  TimeRange range_a() const { return range_a_; }
  TimeRange range_b() const { return range_b_; }

 private:
  std::vector<Change> changes_;
  std::map<std::string, double> ratios_;
  TimeRange range_a_, range_b_;
};

// What is compared of a trace: its last step, or all of it where it says none.
TimeRange compared_range(const TraceModel& model);

// The event of `to` that is the same piece of work as `event` of `from`: same rank, track,
// name, micro-batch and chunk, and as many like it before it since `since`. None where there is none.
EventRef counterpart(const TraceModel& from, EventRef event, Ns since, const TraceModel& to, Ns to_since);

}  // namespace orrery::gui

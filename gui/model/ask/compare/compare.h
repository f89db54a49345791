#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gui/model/ask/compare/alignment.h"
#include "gui/model/ask/compare/second_trace.h"
#include "gui/model/ask/go_on.h"
#include "gui/model/store/trace_model.h"

namespace orrery::gui {

// Two traces, operation by operation: what each takes of a rank's step in one and in
// the other, or of all of a trace that says no steps.
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
  // What it has when it was told to give up is of no use.
  Comparison(const TraceModel& a, const TraceModel& b, const Alignment& alignment, const GoOn& go_on = {});

  // The largest absolute difference first.
  const std::vector<Change>& changes() const { return changes_; }
  // What one event of that name takes in B against A; 1 where it is only in one.
  double ratio_of(const std::string& name) const;

 private:
  std::vector<Change> changes_;
  std::map<std::string, double> ratios_;
};

// All that is to be said of two traces.
struct Compared {
  std::shared_ptr<const SecondTrace> second;
  Comparison comparison;
};

// What is compared with what: the steps that align by default where it is not said, paired
// anew where no pairing of the same offset is at hand.
struct CompareRequest {
  std::shared_ptr<const TraceModel> first, second;
  std::optional<Alignment> alignment;
  std::shared_ptr<const SecondTrace> before;  // of the same traces; may be null
};

// Null where it was told to give up.
std::shared_ptr<const Compared> compare(const CompareRequest& request, const GoOn& go_on = {});

}  // namespace orrery::gui

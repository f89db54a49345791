#pragma once

#include <optional>
#include <vector>

#include "gui/model/ask/time/steps.h"

namespace orrery::gui {

// Which step of one trace is laid on which of another. A trace that says no steps is one
// step as a whole.
class Alignment {
 public:
  Alignment() = default;
  // The last step that both number alike; the last of each where there is none.
  Alignment(const TraceModel& a, const TraceModel& b);

  const std::vector<Step>& steps_a() const { return steps_a_; }
  const std::vector<Step>& steps_b() const { return steps_b_; }
  const Step& a() const { return steps_a_[at_a_]; }
  const Step& b() const { return steps_b_[at_b_]; }
  std::size_t at_a() const { return at_a_; }
  std::size_t at_b() const { return at_b_; }

  // What happens at t in A happens at t + later() in B.
  Ns later() const { return b().range.begin - a().range.begin; }
  // The number in B of a step of A is so much higher.
  std::int64_t offset() const { return b().number - a().number; }

  // Those two; places beyond the ends are the ends.
  Alignment with(std::size_t at_a, std::size_t at_b) const;
  // A step of A on that of the same number; where B has none such, on the one as far from
  // this alignment's, the last of B at most.
  Alignment with(std::size_t at_a) const;
  // By numbers, as people write them; none where a trace has no such step.
  std::optional<Alignment> with_numbers(std::int64_t a, std::optional<std::int64_t> b) const;

 private:
  std::vector<Step> steps_a_{Step()}, steps_b_{Step()};  // never empty
  std::size_t at_a_ = 0, at_b_ = 0;
  bool alike_ = false;  // both number their steps the same way
};

}  // namespace orrery::gui

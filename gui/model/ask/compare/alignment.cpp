#include "gui/model/ask/compare/alignment.h"

#include <algorithm>

namespace orrery::gui {
namespace {

std::optional<std::size_t> place_of(const std::vector<Step>& steps, std::int64_t number) {
  const auto found = std::lower_bound(steps.begin(), steps.end(), number,
                                      [](const Step& step, std::int64_t n) { return step.number < n; });
  if (found == steps.end() || found->number != number) return std::nullopt;
  return static_cast<std::size_t>(found - steps.begin());
}

// A simulation counts from 0, a profiler from when the job began.
bool is_simulated(const TraceModel& model) {
  return std::any_of(model.tracks().begin(), model.tracks().end(), [](const Track& t) { return t.is_overview(); });
}

}  // namespace

Alignment::Alignment(const TraceModel& a, const TraceModel& b)
    : steps_a_(steps_of(a)), steps_b_(steps_of(b)), alike_(is_simulated(a) == is_simulated(b)) {
  alike_ = alike_ && !steps_a_.empty() && !steps_b_.empty();
  if (steps_a_.empty()) steps_a_ = {{0, a.extent()}};
  if (steps_b_.empty()) steps_b_ = {{0, b.extent()}};
  at_a_ = steps_a_.size() - 1, at_b_ = steps_b_.size() - 1;
  if (!alike_) return;
  for (std::size_t i = steps_a_.size(); i-- > 0;)
    if (const auto same = place_of(steps_b_, steps_a_[i].number)) {
      at_a_ = i, at_b_ = *same;
      return;
    }
}

Alignment Alignment::with(std::size_t at_a, std::size_t at_b) const {
  Alignment other = *this;
  other.at_a_ = std::min(at_a, steps_a_.size() - 1);
  other.at_b_ = std::min(at_b, steps_b_.size() - 1);
  return other;
}

Alignment Alignment::with(std::size_t at_a) const {
  if (const auto same = alike_ ? place_of(steps_b_, steps_a_[at_a].number) : std::nullopt) return with(at_a, *same);
  const std::size_t ahead = at_b_ + at_a;
  return with(at_a, ahead > at_a_ ? ahead - at_a_ : 0);
}

std::optional<Alignment> Alignment::with_numbers(std::int64_t a, std::optional<std::int64_t> b) const {
  const auto at_a = place_of(steps_a_, a);
  if (!at_a) return std::nullopt;
  if (!b) return with(*at_a);
  const auto at_b = place_of(steps_b_, *b);
  if (!at_b) return std::nullopt;
  return with(*at_a, *at_b);
}

}  // namespace orrery::gui

#pragma once

#include <optional>
#include <vector>

#include "gui/model/store/trace_model.h"

namespace orrery::gui {

// Whoever writes higher numbers means no steps.
inline constexpr std::int64_t kMostStep = 1'000'000;

// A training step, as its trace numbers it, from its first event on any rank to its last.
struct Step {
  std::int64_t number = 0;
  TimeRange range;
};

// The training steps of a trace, by number, where its events say which they belong to
// ("step" among the arguments, PyTorch's "ProfilerStep#3"); else none.
std::vector<Step> steps_of(const TraceModel& model);

// The last step, or all of a trace that says none.
TimeRange last_step_of(const TraceModel& model);

// Which of them a view shows most of; none where it shows none.
std::optional<std::size_t> step_in_view(const std::vector<Step>& steps, TimeRange view);

}  // namespace orrery::gui

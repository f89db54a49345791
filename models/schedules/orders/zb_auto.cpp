// Zero-bubble by measured costs and a memory limit (arXiv:2401.10241, section 3):
// of what the heuristic finds with each of its choices, and of the hand-made
// orders that fit the memory, the one with the shortest of the longest rank
// windows. Small cases are searched for a shorter one, exactly.
#include <string>

#include "models/schedules/search/zb_exact.h"
#include "models/schedules/search/zb_heuristic.h"

namespace orrery::models {
namespace {

Errors check(const ScheduleRequest& request) {
  Errors errors;
  for (int s = 0; s < request.ranks; ++s) {
    const StageMemory memory = memory_of(request, s);
    if (memory.limit < memory.input + memory.weight) {
      refuse(errors, "zb-auto: the memory limit of " + std::to_string(memory.limit) +
                         " does not hold one micro-batch of " + std::to_string(memory.input + memory.weight) +
                         " on pipeline rank " + std::to_string(s));
      return errors;
    }
  }
  return errors;
}

// The most that a rank holds of its limit.
bool fits(const ScheduleRequest& request, const Orders& orders) {
  for (int s = 0; s < request.ranks; ++s) {
    const StageMemory memory = memory_of(request, s);
    std::int64_t held = 0;
    for (const Action& a : orders[static_cast<std::size_t>(s)]) {
      if (a.type == Action::Type::forward) held += memory.input + memory.weight;
      if (a.type == Action::Type::input_gradient) held -= memory.input;
      if (a.type == Action::Type::weight_gradient) held -= memory.weight;
      if (held > memory.limit) return false;
    }
  }
  return true;
}

// Shorter is better, then fewer in flight, then a step that ends sooner.
struct Merit {
  std::int64_t window = INT64_MAX;
  int in_flight = 0, in_flight_weights = 0;
  std::int64_t makespan = 0;
  auto operator<=>(const Merit&) const = default;
};

Merit merit(const ScheduleTimes& times) {
  const auto most = [](const std::vector<int>& counts) { return *std::max_element(counts.begin(), counts.end()); };
  return {times.longest_rank_window, most(times.peak_in_flight_weights), most(times.peak_in_flight), times.makespan};
}

Orders orders(const ScheduleRequest& request) {
  Orders best;
  Merit merit_of_best;
  const auto consider = [&](Orders found) {
    if (found.empty() || !fits(request, found)) return;
    const Merit here = merit(evaluate_orders(request, Placement::linear, found));
    if (here < merit_of_best) merit_of_best = here, best = std::move(found);
  };
  using Overrun = ZbOptions::Overrun;
  constexpr int kSteepest = 12;  // three forwards a rank
  for (int slope = 0; slope <= kSteepest; ++slope)
    for (const bool fill : {false, true})
      for (const bool backward_first : {false, true})
        for (const auto overrun : {Overrun::always, Overrun::if_worst, Overrun::never})
          consider(zb_heuristic(request, {fill, backward_first, overrun, slope}));
  consider(kZbH1.orders(request));
  consider(kZbH2.orders(request));
  constexpr int kSmall = 24;  // ranks x micro-batches that the exact search gets through
  constexpr std::int64_t kNodes = 100'000;
  if (request.ranks * request.micro_batches <= kSmall) consider(zb_exact(request, merit_of_best.window, kNodes).orders);
  return best;
}

}  // namespace

const ScheduleRule kZbAuto{.name = "zb-auto",
                           .traits = {.chunks = 1, .limited = true, .searches = true, .splits = true},
                           .check = check,
                           .orders = orders};

}  // namespace orrery::models

// As-soon-as-possible execution of a fixed order.
//
//   F(s,k)    starts no sooner than the end of F(s-1,k)
//   I/B(s,k)  no sooner than the ends of F(s,k) and of I/B(s+1,k)
//   W(s,k)    no sooner than the end of I(s,k)
//   an overlapped slot no sooner than both of its passes; both are done at its end
//
// plus `transfer` where the two stages are on different ranks; a rank does one
// action at a time, in its order, and sending costs it nothing. The start of an
// action is a maximum over earlier ends, so the result does not depend on the
// order in which we visit the ranks.
#include <algorithm>

#include "models/schedules/cells.h"
#include "models/schedules/schedule.h"

namespace orrery::models {
namespace {

constexpr std::int64_t kNotYet = -1;

class Execution {
 public:
  Execution(const Schedule& schedule, std::span<const ScheduleCosts> costs)
      : schedule_(schedule),
        costs_(costs),
        cells_(schedule.request),
        forward_end_(cells_.size(), kNotYet),
        backward_end_(cells_.size(), kNotYet),
        next_(schedule.order.size(), 0),
        now_(schedule.order.size(), 0),
        spans_(schedule.order.size()) {
    for (std::size_t r = 0; r < spans_.size(); ++r) spans_[r].reserve(schedule.order[r].size());
  }

  // False when some rank waits for what never comes.
  bool run() {
    bool moved = true;
    while (moved) {
      moved = false;
      for (std::size_t r = 0; r < spans_.size(); ++r) moved |= advance(r);
    }
    for (std::size_t r = 0; r < spans_.size(); ++r)
      if (next_[r] < schedule_.order[r].size()) return false;
    return true;
  }

  std::vector<std::vector<std::pair<std::int64_t, std::int64_t>>> take_spans() { return std::move(spans_); }

 private:
  const ScheduleCosts& costs_of(int stage) const {
    return costs_.size() == 1 ? costs_.front() : costs_[static_cast<std::size_t>(stage)];
  }

  // Rank r does all that it can.
  bool advance(std::size_t r) {
    const std::size_t before = next_[r];
    for (const auto& order = schedule_.order[r]; next_[r] < order.size(); ++next_[r]) {
      const Action& action = order[next_[r]];
      const std::int64_t ready = ready_at(action);
      if (ready == kNotYet) break;
      const std::int64_t start = std::max(now_[r], ready), end = start + duration(action);
      now_[r] = end;
      spans_[r].emplace_back(start, end);
      for (const Action& pass : passes(action)) complete(pass, end);
    }
    return next_[r] > before;
  }

  void complete(const Action& pass, std::int64_t end) {
    if (pass.type == Action::Type::forward) forward_end_[cells_.of(pass.stage, pass.micro_batch)] = end;
    if (makes_input_gradient(pass.type)) backward_end_[cells_.of(pass.stage, pass.micro_batch)] = end;
  }

  std::int64_t ready_at(const Action& action) const {
    std::int64_t ready = 0;
    for (const Action& pass : passes(action)) {
      const std::int64_t at = pass_ready_at(pass);
      if (at == kNotYet) return kNotYet;
      ready = std::max(ready, at);
    }
    return ready;
  }

  std::int64_t pass_ready_at(const Action& pass) const {
    const int s = pass.stage, k = pass.micro_batch;
    if (pass.type == Action::Type::forward) return s == 0 ? 0 : arrival(forward_end_[cells_.of(s - 1, k)], s - 1, s, k);
    if (pass.type == Action::Type::weight_gradient) return backward_end_[cells_.of(s, k)];
    const std::int64_t own = forward_end_[cells_.of(s, k)];
    if (own == kNotYet || s + 1 == schedule_.stages()) return own;
    const std::int64_t gradient = arrival(backward_end_[cells_.of(s + 1, k)], s + 1, s, k);
    return gradient == kNotYet ? kNotYet : std::max(own, gradient);
  }

  std::int64_t arrival(std::int64_t end, int from, int to, int micro_batch) const {
    if (end == kNotYet || schedule_.rank_of(from, micro_batch) == schedule_.rank_of(to, micro_batch)) return end;
    return end + costs_of(from).transfer;
  }

  std::int64_t duration(const Action& action) const {
    const ScheduleCosts& costs = costs_of(action.stage);
    switch (action.type) {
      case Action::Type::forward:
        return costs.forward;
      case Action::Type::backward:
        return costs.backward;
      case Action::Type::input_gradient:
        return costs.input_gradient;
      case Action::Type::weight_gradient:
        return costs.weight_gradient;
      case Action::Type::overlap:
        return overlap(costs, costs_of(action.backward_stage));
    }
    return 0;
  }

  // Two stages together gain what the one that gains less would gain by itself.
  static std::int64_t overlap(const ScheduleCosts& forward, const ScheduleCosts& backward) {
    const auto gain = [](const ScheduleCosts& c) { return c.forward + c.backward - c.overlap; };
    return forward.forward + backward.backward - std::min(gain(forward), gain(backward));
  }

  const Schedule& schedule_;
  std::span<const ScheduleCosts> costs_;
  const Cells cells_;
  std::vector<std::int64_t> forward_end_, backward_end_;  // by (stage, micro-batch)
  std::vector<std::size_t> next_;                         // by rank: its next action
  std::vector<std::int64_t> now_;                         // by rank: the end of its last action
  std::vector<std::vector<std::pair<std::int64_t, std::int64_t>>> spans_;
};

// A rank does one action at a time, so its order alone says how many are in flight.
int peak_in_flight(const std::vector<Action>& order, Action::Type split_release) {
  int now = 0, peak = 0;
  for (const Action& action : order)
    for (const Action& pass : passes(action)) {
      if (pass.type == Action::Type::forward) peak = std::max(peak, ++now);
      if (pass.type == Action::Type::backward || pass.type == split_release) --now;
    }
  return peak;
}

void summarise_rank(const std::vector<std::pair<std::int64_t, std::int64_t>>& spans, ScheduleTimes& times) {
  std::int64_t busy = 0;
  for (const auto& [start, end] : spans) busy += end - start;
  const std::int64_t window = spans.empty() ? 0 : spans.back().second - spans.front().first;
  times.busy.push_back(busy);
  times.idle_inside_window.push_back(window - busy);
  times.longest_rank_window = std::max(times.longest_rank_window, window);
}

void summarise(ScheduleTimes& times) {
  std::int64_t first = INT64_MAX, last = 0;
  for (const auto& spans : times.spans) {
    summarise_rank(spans, times);
    if (spans.empty()) continue;
    first = std::min(first, spans.front().first);
    last = std::max(last, spans.back().second);
  }
  times.makespan = std::max<std::int64_t>(0, last - first);
  const std::int64_t ideal = *std::max_element(times.busy.begin(), times.busy.end());
  if (ideal > 0) times.bubble_ratio = static_cast<double>(times.makespan - ideal) / static_cast<double>(ideal);
}

}  // namespace

ScheduleTimes evaluate(const Schedule& schedule, const ScheduleCosts& costs) {
  return evaluate_by_stage(schedule, std::span<const ScheduleCosts>(&costs, 1));
}

ScheduleTimes evaluate_by_stage(const Schedule& schedule, std::span<const ScheduleCosts> costs) {
  ScheduleTimes times;
  if (schedule.order.empty()) return times;
  for (const auto& order : schedule.order) {
    times.peak_in_flight.push_back(peak_in_flight(order, Action::Type::input_gradient));
    times.peak_in_flight_weights.push_back(peak_in_flight(order, Action::Type::weight_gradient));
  }
  Execution execution(schedule, costs);
  const bool finished = execution.run();
  times.spans = execution.take_spans();
  summarise(times);
  if (!finished) times.makespan = ScheduleTimes::kNeverEnds;
  return times;
}

}  // namespace orrery::models

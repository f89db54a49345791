#include "models/schedules/search/greedy.h"

#include <deque>
#include <functional>
#include <optional>
#include <queue>

#include "models/schedules/cells.h"

namespace orrery::models {
namespace {

constexpr std::int64_t kNotYet = -1;

class ListScheduler {
 public:
  ListScheduler(const ScheduleRequest& request, Placement placement, const GreedyRule& rule)
      : request_(request),
        cells_(request),
        schedule_{request, placement},
        rule_(rule),
        orders_(static_cast<std::size_t>(request.ranks)),
        ranks_(orders_.size()),
        next_forward_(static_cast<std::size_t>(schedule_.stages()), 0),
        next_backward_(next_forward_.size(), 0),
        forward_end_(next_forward_.size() * static_cast<std::size_t>(request.micro_batches), kNotYet),
        backward_end_(forward_end_.size(), kNotYet) {}

  Orders run() {
    for (int r = 0; r < request_.ranks; ++r) wake(0, r);
    while (!events_.empty()) {
      const auto [now, r] = events_.top();
      events_.pop();
      if (rank(r).busy_until <= now) decide(now, r);
    }
    return std::move(orders_);
  }

 private:
  struct Rank {
    std::int64_t busy_until = 0, held = 0;
    std::deque<Action> weights;
  };

  Rank& rank(int r) { return ranks_[static_cast<std::size_t>(r)]; }
  void wake(std::int64_t when, int r) { events_.push({when, r}); }

  std::int64_t arrival(std::int64_t end, int from, int to) const {
    if (end == kNotYet) return kNotYet;
    return schedule_.rank_of(from, 0) == schedule_.rank_of(to, 0) ? end : end + costs_of(request_, from).transfer;
  }
  // When the input of a stage's next pass is there; kNotYet if that is not known.
  std::int64_t forward_ready(int stage) const {
    const int k = next_forward_[static_cast<std::size_t>(stage)];
    if (k >= request_.micro_batches) return kNotYet;
    return stage == 0 ? 0 : arrival(forward_end_[cells_.of(stage - 1, k)], stage - 1, stage);
  }
  std::int64_t backward_ready(int stage) const {
    const int k = next_backward_[static_cast<std::size_t>(stage)];
    if (k >= request_.micro_batches) return kNotYet;
    const std::int64_t own = forward_end_[cells_.of(stage, k)];
    if (stage + 1 == schedule_.stages() || own == kNotYet) return own;
    const std::int64_t gradient = arrival(backward_end_[cells_.of(stage + 1, k)], stage + 1, stage);
    return gradient == kNotYet ? kNotYet : std::max(own, gradient);
  }

  // A forward leaves room for one of each later chunk, so that what it begins can go on.
  bool has_room(int r, int stage) {
    const int needed = schedule_.chunks() - schedule_.chunk_of(stage, 0);
    return rule_.limits.empty() || rank(r).held + needed <= rule_.limits[static_cast<std::size_t>(r)];
  }

  void decide(std::int64_t now, int r) {
    bool short_of_room = false;
    if (rule_.weights_at_once && !rank(r).weights.empty() && forwards_to_come(r)) return run_weight(now, r);
    if (const auto stage = ready_backward(now, r)) return run_backward(now, r, *stage);
    if (const auto stage = ready_forward(now, r, short_of_room)) return run_forward(now, r, *stage);
    if (!rank(r).weights.empty() && (short_of_room || !rule_.patient || fits(now, r))) run_weight(now, r);
  }

  bool forwards_to_come(int r) const {
    const int last = schedule_.stage_of(r, schedule_.chunks() - 1);
    return next_forward_[static_cast<std::size_t>(last)] < request_.micro_batches;
  }

  std::optional<int> ready_backward(std::int64_t now, int r) {
    const int chunks = schedule_.chunks();
    for (int c = 0; c < chunks; ++c) {
      const int stage = schedule_.stage_of(r, rule_.early_chunk_back ? c : chunks - 1 - c);
      const std::int64_t ready = backward_ready(stage);
      if (ready != kNotYet && ready <= now) return stage;
    }
    return {};
  }

  std::optional<int> ready_forward(std::int64_t now, int r, bool& short_of_room) {
    std::optional<int> best;
    for (int c = schedule_.chunks() - 1; c >= 0; --c) {
      const int stage = schedule_.stage_of(r, c);
      const std::int64_t ready = forward_ready(stage);
      if (ready == kNotYet || ready > now) continue;
      if (!has_room(r, stage)) {
        short_of_room = true;
        continue;
      }
      const auto micro_batch = [&](int s) { return next_forward_[static_cast<std::size_t>(s)]; };
      if (!best || (!rule_.late_chunk_first && micro_batch(stage) < micro_batch(*best))) best = stage;
    }
    return best;
  }

  // Whether a weight gradient ends before the next input on its way arrives.
  bool fits(std::int64_t now, int r) {
    const Action& w = rank(r).weights.front();
    const std::int64_t end = now + costs_of(request_, w.stage).weight_gradient;
    for (int c = 0; c < schedule_.chunks(); ++c) {
      const int stage = schedule_.stage_of(r, c);
      for (const std::int64_t ready : {forward_ready(stage), backward_ready(stage)})
        if (ready != kNotYet && ready > now && ready < end) return false;
    }
    return true;
  }

  void start(std::int64_t now, int r, const Action& action, std::int64_t cost) {
    orders_[static_cast<std::size_t>(r)].push_back(action);
    rank(r).busy_until = now + cost;
    wake(now + cost, r);
  }

  void run_forward(std::int64_t now, int r, int stage) {
    const int k = next_forward_[static_cast<std::size_t>(stage)]++;
    const std::int64_t cost = costs_of(request_, stage).forward;
    start(now, r, forward(stage, k), cost);
    rank(r).held += 1;
    forward_end_[cells_.of(stage, k)] = now + cost;
    if (stage + 1 < schedule_.stages()) wake(arrival(now + cost, stage, stage + 1), schedule_.rank_of(stage + 1, k));
  }

  void run_backward(std::int64_t now, int r, int stage) {
    const int k = next_backward_[static_cast<std::size_t>(stage)]++;
    const ScheduleCosts& costs = costs_of(request_, stage);
    const std::int64_t cost = rule_.split ? costs.input_gradient : costs.backward;
    start(now, r, rule_.split ? input_gradient(stage, k) : backward(stage, k), cost);
    if (rule_.split)
      rank(r).weights.push_back(weight_gradient(stage, k));
    else
      rank(r).held -= 1;
    backward_end_[cells_.of(stage, k)] = now + cost;
    if (stage > 0) wake(arrival(now + cost, stage, stage - 1), schedule_.rank_of(stage - 1, k));
  }

  void run_weight(std::int64_t now, int r) {
    const Action w = rank(r).weights.front();
    rank(r).weights.pop_front();
    rank(r).held -= 1;
    start(now, r, w, costs_of(request_, w.stage).weight_gradient);
  }

  using Event = std::pair<std::int64_t, int>;  // when to look at which rank

  const ScheduleRequest& request_;
  const Cells cells_;
  Schedule schedule_;
  GreedyRule rule_;
  Orders orders_;
  std::vector<Rank> ranks_;
  std::vector<int> next_forward_, next_backward_;         // by stage: the micro-batch
  std::vector<std::int64_t> forward_end_, backward_end_;  // by (stage, micro-batch)
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
};

}  // namespace

Orders greedy_orders(const ScheduleRequest& request, Placement placement, const GreedyRule& rule) {
  return ListScheduler(request, placement, rule).run();
}

Orders shortest_greedy(const ScheduleRequest& request, Placement placement, const std::vector<int>& limits,
                       Orders first) {
  const auto window = [&](const Orders& orders) {
    return evaluate_orders(request, placement, orders).longest_rank_window;
  };
  std::int64_t shortest = window(first);
  constexpr unsigned kChoices = 4;
  for (unsigned choice = 0; choice < 1u << kChoices; ++choice) {
    const auto chosen = [choice](unsigned bit) { return (choice >> bit & 1) != 0; };
    Orders found = greedy_orders(request, placement,
                                 {.split = true,
                                  .late_chunk_first = chosen(0),
                                  .early_chunk_back = chosen(1),
                                  .patient = chosen(2),
                                  .weights_at_once = chosen(3),
                                  .limits = limits});
    const std::int64_t length = window(found);
    if (length < shortest) shortest = length, first = std::move(found);
  }
  return first;
}

}  // namespace orrery::models

#include "models/schedules/tails.h"

#include <algorithm>

#include "models/schedules/cells.h"

namespace orrery::models {
namespace {

constexpr std::int64_t kNotYet = -1;

// The execution of evaluate.cpp from its end: an action is reached when all that waits for it is.
class Backwards {
 public:
  Backwards(const Schedule& schedule, const PassCost& cost)
      : schedule_(schedule),
        cost_(cost),
        linked_(flushes(schedule)),
        cells_(schedule.request),
        forward_(cells_.size(), kNotYet),
        backward_(cells_.size(), kNotYet),
        tails_(schedule.order.size(), 0) {
    for (const auto& order : schedule.order) left_.push_back(order.size());
  }

  std::optional<std::vector<std::int64_t>> run() {
    for (bool moved = true; moved;) {
      moved = false;
      for (std::size_t r = 0; r < left_.size(); ++r) moved |= go_back(r);
    }
    if (std::any_of(left_.begin(), left_.end(), [](std::size_t n) { return n > 0; })) return std::nullopt;
    return std::move(tails_);
  }

 private:
  bool go_back(std::size_t r) {
    const std::size_t before = left_[r];
    while (left_[r] > 0 && reach(schedule_.order[r][left_[r] - 1], tails_[r])) --left_[r];
    return left_[r] < before;
  }

  // `tail`: of what the rank does next; becomes the action's own. False where something that waits is not reached yet.
  bool reach(const Action& action, std::int64_t& tail) {
    const Passes both = passes(action);
    const bool overlapped = both.count > 1;
    std::int64_t behind[2] = {0, 0}, cost[2] = {0, 0};
    for (int i = 0; i < both.count; ++i) {
      behind[i] = tail_of_waiting(both.pass[i]);
      if (behind[i] == kNotYet) return false;
      cost[i] = cost_(both.pass[i], overlapped);
    }
    tail += cost[0] + cost[1];
    for (int i = 0; i < both.count; ++i) tail = std::max(tail, cost[i] + behind[i]);
    // The passes of a slot take turns: what waits for one of them may not have to wait for the other.
    for (int i = 0; i < both.count; ++i) note(both.pass[i], overlapped ? cost[i] + behind[i] : tail);
    return true;
  }

  void note(const Action& pass, std::int64_t tail) {
    if (pass.type == Action::Type::forward) forward_[cells_.of(pass.stage, pass.micro_batch)] = tail;
    if (makes_input_gradient(pass.type)) backward_[cells_.of(pass.stage, pass.micro_batch)] = tail;
  }

  // Of what stands on what the pass makes.
  std::int64_t tail_of_waiting(const Action& pass) const {
    const int s = pass.stage, k = pass.micro_batch;
    if (!linked_ || pass.type == Action::Type::weight_gradient) return 0;
    if (makes_input_gradient(pass.type)) return s == 0 ? 0 : backward_[cells_.of(s - 1, k)];
    const std::int64_t own = backward_[cells_.of(s, k)];
    if (own == kNotYet || s + 1 == schedule_.stages()) return own;
    const std::int64_t next = forward_[cells_.of(s + 1, k)];
    return next == kNotYet ? kNotYet : std::max(own, next);
  }

  const Schedule& schedule_;
  const PassCost& cost_;
  const bool linked_;
  const Cells cells_;
  std::vector<std::int64_t> forward_, backward_;  // tails by (stage, micro-batch)
  std::vector<std::int64_t> tails_;               // by rank: of its actions reached so far
  std::vector<std::size_t> left_;                 // by rank: actions not reached
};

}  // namespace

std::optional<std::vector<std::int64_t>> rank_tails(const Schedule& schedule, const PassCost& cost) {
  return Backwards(schedule, cost).run();
}

}  // namespace orrery::models

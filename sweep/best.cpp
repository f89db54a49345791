#include "sweep/best.h"

#include <iterator>

namespace orrery::sweep {

double Best::cost(double step_s, double tokens, int gpus) const {
  return by_ == BestBy::step_time ? step_s : step_s * gpus / tokens;
}

void Best::add(const Outcome& outcome) {
  if (outcome.status != Status::ok || !outcome.fits) return;
  const std::scoped_lock lock(mutex_);
  costs_.insert(cost(outcome.step_time_s, outcome.tokens_per_s * outcome.step_time_s, outcome.gpus));
  if (costs_.size() > count_) costs_.erase(std::prev(costs_.end()));
}

bool Best::rules_out(double step_s, double tokens, int gpus) const {
  const std::scoped_lock lock(mutex_);
  return costs_.size() == count_ && cost(step_s, tokens, gpus) > *costs_.rbegin();
}

}  // namespace orrery::sweep

#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "models/schedules/schedule.h"

namespace orrery::models {

// What a schedule is to make_schedule: where stages stand, what it refuses, and
// the order of one rank. One file each; the table is in make_schedule.cpp.
struct ScheduleRule {
  std::string_view name;
  Placement placement;
  bool grouped;                                                    // reads group, rule and extra_warmup
  Errors (*check)(const ScheduleRequest&);                         // beyond what holds for every schedule
  std::vector<Action> (*order)(const ScheduleRequest&, int rank);  // only called after check found nothing
};

extern const ScheduleRule kNone, kGpipe, kOneForwardOneBackward, kInterleaved, kLoopedBfs;

inline Action forward(int stage, int micro_batch) {
  return {Action::Type::forward, stage, micro_batch};
}
inline Action backward(int stage, int micro_batch) {
  return {Action::Type::backward, stage, micro_batch};
}

// F^w, (F B)^(n-w), B^w: the shape of every one-forward-one-backward order. The
// callables give the k-th forward and the k-th backward of the rank.
template <class Forward, class Backward>
std::vector<Action> one_forward_one_backward(int warmup, int count, Forward nth_forward, Backward nth_backward) {
  warmup = std::min(warmup, count);
  std::vector<Action> order;
  order.reserve(2 * static_cast<std::size_t>(count));
  for (int k = 0; k < warmup; ++k) order.push_back(nth_forward(k));
  for (int k = warmup; k < count; ++k) {
    order.push_back(nth_forward(k));
    order.push_back(nth_backward(k - warmup));
  }
  for (int k = count - warmup; k < count; ++k) order.push_back(nth_backward(k));
  return order;
}

// Adds a reason why the request cannot be had.
void refuse(Errors& errors, std::string reason);

// The refusal of schedules that hold one stage a rank.
Errors one_stage_a_rank(const ScheduleRequest& request, std::string_view instead);

}  // namespace orrery::models

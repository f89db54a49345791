#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "models/schedules/schedule.h"

namespace orrery::models {

using Order = std::vector<Action>;  // of one rank
using Orders = std::vector<Order>;  // by rank

// What a schedule is to make_schedule: where stages stand, what it refuses, and
// its order. One file each (orders/); the table is in make_schedule.cpp.
struct ScheduleRule {
  std::string_view name;
  Placement placement = Placement::linear;
  ScheduleTraits traits = {};
  Errors (*check)(const ScheduleRequest&) = nullptr;   // beyond what holds for every schedule; none: no more to check
  Orders (*orders)(const ScheduleRequest&) = nullptr;  // only called after check found nothing
  int (*turn)(const ScheduleRequest&) = nullptr;       // bidirectional: Schedule::turn
};

extern const ScheduleRule kNone, kGpipe, kOneForwardOneBackward, kInterleaved, kLoopedBfs, kPipeDream, kPipeDream2bw,
    kInterleavedZb1p, kZbH1, kZbH2, kZbV, kZbVAuto, kV1f1b, kVHalf, kVMin, kZbAuto, kDualPipe, kDualPipeV, kChimera,
    kHanayo;

inline Action forward(int stage, int micro_batch) {
  return {Action::Type::forward, stage, micro_batch};
}
inline Action backward(int stage, int micro_batch) {
  return {Action::Type::backward, stage, micro_batch};
}
inline Action input_gradient(int stage, int micro_batch) {
  return {Action::Type::input_gradient, stage, micro_batch};
}
inline Action weight_gradient(int stage, int micro_batch) {
  return {Action::Type::weight_gradient, stage, micro_batch};
}

// The orders of a rule that says what each rank does by itself.
template <Order (*order)(const ScheduleRequest&, int rank)>
Orders by_rank(const ScheduleRequest& request) {
  Orders orders;
  orders.reserve(static_cast<std::size_t>(request.ranks));
  for (int rank = 0; rank < request.ranks; ++rank) orders.push_back(order(request, rank));
  return orders;
}

// F^w, (F B)^(n-w), B^w: the shape of every one-forward-one-backward order. The
// callables give the k-th forward and the k-th backward of the rank. `pairs`: F B is one slot; a last forward of the
// warm-up and the backward behind it are none, since that may hang on it.
template <class Forward, class Backward>
Order one_forward_one_backward(int warmup, int count, Forward nth_forward, Backward nth_backward, bool pairs = false) {
  warmup = std::min(warmup, count);
  Order order;
  order.reserve(2 * static_cast<std::size_t>(count));
  for (int k = 0; k < warmup; ++k) order.push_back(nth_forward(k));
  for (int k = warmup; k < count; ++k) {
    const Action f = nth_forward(k), b = nth_backward(k - warmup);
    if (pairs)
      order.push_back({Action::Type::overlap, f.stage, f.micro_batch, b.stage, b.micro_batch});
    else
      order.insert(order.end(), {f, b});
  }
  for (int k = count - warmup; k < count; ++k) order.push_back(nth_backward(k));
  return order;
}

// Adds a reason why the request cannot be had.
void refuse(Errors& errors, std::string reason);

// Cost of a virtual stage, and its memory, as the request gives them.
inline const ScheduleCosts& costs_of(const ScheduleRequest& request, int stage) {
  static constexpr ScheduleCosts kEqual;
  if (request.costs.empty()) return kEqual;
  return request.costs[request.costs.size() == 1 ? 0 : static_cast<std::size_t>(stage)];
}

// The order under the request's costs.
ScheduleTimes evaluate_orders(const ScheduleRequest& request, Placement placement, Orders orders);

}  // namespace orrery::models

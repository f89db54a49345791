#pragma once

#include "models/schedules/rules.h"

namespace orrery::models {

// F^w, then forward, input gradient and, from the `delay`-th round on, the oldest
// weight gradient; the same without forwards when they are through; what is left
// of the weight gradients. The shape of every hand-made zero-bubble order.
template <class Forward, class Input, class Weight>
Order zero_bubble_order(int warmup, int delay, int count, Forward nth_forward, Input nth_input, Weight nth_weight) {
  warmup = std::min(warmup, count);
  Order order;
  order.reserve(3 * static_cast<std::size_t>(count));
  int weights = 0;
  for (int k = 0; k < warmup; ++k) order.push_back(nth_forward(k));
  for (int k = 0; k < count; ++k) {
    if (warmup + k < count) order.push_back(nth_forward(warmup + k));
    order.push_back(nth_input(k));
    if (k >= delay) order.push_back(nth_weight(weights++));
  }
  while (weights < count) order.push_back(nth_weight(weights++));
  return order;
}

// The same where a rank holds one stage.
inline Order zero_bubble_order(int warmup, int delay, int micro_batches, int stage) {
  return zero_bubble_order(
      warmup, delay, micro_batches, [=](int k) { return forward(stage, k); },
      [=](int k) { return input_gradient(stage, k); }, [=](int k) { return weight_gradient(stage, k); });
}

}  // namespace orrery::models

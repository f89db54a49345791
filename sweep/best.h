#pragma once

#include <cstddef>
#include <mutex>
#include <set>

#include "sweep/point.h"

namespace orrery::sweep {

// What the best of a sweep are told by, where only those are asked for: both follow from a
// point's step, so that what no step of it is shorter than says how good it can be.
enum class BestBy { step_time, tokens_per_s_per_gpu };

// The best `count` points so far, of those that fit into memory; asked by all threads.
class Best {
 public:
  Best(std::size_t count, BestBy by) : count_(count), by_(by) {}

  void add(const Outcome& outcome);
  // Whether a point of so many tokens and GPUs, no step of which is shorter, is behind as
  // many as are asked for. What might be as good as the last of them is not.
  bool rules_out(double step_s, double tokens, int gpus) const;

 private:
  // Less is better.
  double cost(double step_s, double tokens, int gpus) const;

  const std::size_t count_;
  const BestBy by_;
  mutable std::mutex mutex_;
  std::multiset<double> costs_;  // of the best
};

}  // namespace orrery::sweep

#pragma once

#include <atomic>
#include <functional>
#include <span>
#include <vector>

#include "sim/base/result.h"
#include "sweep/point.h"

namespace orrery::sweep {

// Works out one point. Each thread has its own, made by a Factory, so it may keep what
// it has found for the next.
using Evaluate = std::function<Row(std::uint64_t point)>;
using Factory = std::function<Evaluate()>;

struct PoolOptions {
  int threads = 1;
  const std::atomic<bool>* stop = nullptr;         // asked between points
  std::function<void(std::span<const Row>)> seen;  // of every batch, in the caller's thread
};

// Evaluates `points` on several threads and hands the rows to `keep` in batches, in the
// caller's thread: at least once a second, and every hundred rows. Ends early when stopped, or
// with the errors of `keep`.
Errors work(std::span<const std::uint64_t> points, const Factory& factory,
            const std::function<Errors(std::span<const Row>)>& keep, const PoolOptions& options);

}  // namespace orrery::sweep

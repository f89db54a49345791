#include "sweep/pool.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace orrery::sweep {
namespace {

constexpr std::size_t kBatch = 100;
constexpr auto kLongest = std::chrono::seconds(1);

// What threads have worked out and nobody has kept yet.
class Basket {
 public:
  explicit Basket(int threads) : working_(threads) {}

  void add(Row row) {
    const std::lock_guard lock(mutex_);
    rows_.push_back(std::move(row));
    if (rows_.size() >= kBatch) changed_.notify_one();
  }
  void leave() {
    const std::lock_guard lock(mutex_);
    if (--working_ == 0) changed_.notify_one();
  }

  // A batch, once it is full, a second has passed or all threads have left; false when there is nothing more to come.
  bool take(std::vector<Row>& batch) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kLongest, [this] { return rows_.size() >= kBatch || working_ == 0; });
    batch = std::move(rows_);
    rows_.clear();
    return working_ > 0 || !batch.empty();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Row> rows_;
  int working_;
};

}  // namespace

Errors work(std::span<const std::uint64_t> points, const Factory& factory,
            const std::function<Errors(std::span<const Row>)>& keep, const PoolOptions& options) {
  const auto threads = static_cast<int>(
      std::clamp<std::size_t>(points.size(), 1, static_cast<std::size_t>(std::max(1, options.threads))));
  std::atomic<std::size_t> next{0};
  std::atomic<bool> give_up{false};
  Basket basket(threads);
  const auto stopped = [&] { return give_up.load() || (options.stop && options.stop->load()); };
  const auto run = [&] {
    const Evaluate evaluate = factory();
    for (std::size_t i = next++; i < points.size() && !stopped(); i = next++) basket.add(evaluate(points[i]));
    basket.leave();
  };
  Errors errors;
  {
    std::vector<std::jthread> workers;
    for (int t = 0; t < threads; ++t) workers.emplace_back(run);
    std::vector<Row> batch;
    while (basket.take(batch)) {
      if (errors.empty()) errors = keep(batch);
      if (!errors.empty()) give_up = true;
      if (options.seen) options.seen(batch);
    }
  }
  return errors;
}

}  // namespace orrery::sweep

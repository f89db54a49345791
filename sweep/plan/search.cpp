#include "sweep/plan/search.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace orrery::sweep {
namespace {

// A candidate that is neither ruled out nor worked out.
struct Open {
  double bound = 0;
  std::uint64_t candidate = 0;
  bool rough = false;  // worth a closer look

  // Of a heap's order: the least bound is on top, of equals the first candidate.
  bool operator<(const Open& other) const {
    return bound != other.bound ? bound > other.bound : candidate > other.candidate;
  }
};

bool is_before(const Found& a, const Found& b) {
  return a.value != b.value ? a.value < b.value : a.candidate < b.candidate;
}

class Search {
 public:
  Search(const SearchOptions& options, const Candidates& candidates) : options_(options), candidates_(candidates) {}

  SearchResult run() {
    in_parallel([this] { look_at_some(); });
    in_parallel([this] { take_up_some(); });
    result_.stopped = stopped();
    if (!result_.stopped) count_pruned();
    return std::move(result_);
  }

 private:
  void count_pruned() {
    result_.pruned = open_.size();
    if (!open_.empty()) result_.nearest_pruned = open_.front().bound;
  }

  bool stopped() const { return options_.stop && options_.stop->load(std::memory_order_relaxed); }

  template <class F>
  void in_parallel(F run) {
    std::vector<std::jthread> threads;
    for (int t = 1; t < options_.threads; ++t) threads.emplace_back(run);
    run();
  }

  void look_at_some() {
    for (std::uint64_t i = next_++; i < options_.candidates && !stopped(); i = next_++) {
      const Look look = candidates_.look(i);
      const std::lock_guard lock(mutex_);
      ++result_.looked_at;
      keep(look, {look.bound, i, static_cast<bool>(candidates_.look_closer)});
      if (options_.progress) options_.progress(result_, std::nullopt);
    }
  }

  void keep(const Look& look, const Open& open) {
    if (!look.ruled_out.empty()) {
      ++result_.ruled_out[look.ruled_out];
      return;
    }
    open_.push_back(open);
    std::push_heap(open_.begin(), open_.end());
  }

  // A bound equal to the last value may still be a tie that comes first.
  bool may_be_among_the_best(const Open& open) const {
    if (open.bound >= options_.below) return false;
    return result_.best.size() < options_.top || open.bound <= result_.best.back().value;
  }

  void tell() const {
    if (options_.progress && !open_.empty()) options_.progress(result_, open_.front().bound);
  }

  void take_up_some() {
    std::unique_lock lock(mutex_);
    while (const std::optional<Open> open = take(lock)) {
      ++busy_;
      lock.unlock();
      open->rough ? look_closer(*open, lock) : work_out(*open, lock);
      --busy_;
      tell();
      changed_.notify_all();
    }
  }

  // The next to be taken up. What others are looking at may still come before all that is there.
  std::optional<Open> take(std::unique_lock<std::mutex>& lock) {
    while (!stopped()) {
      if (!open_.empty() && may_be_among_the_best(open_.front())) {
        std::pop_heap(open_.begin(), open_.end());
        const Open open = open_.back();
        open_.pop_back();
        return open;
      }
      if (busy_ == 0) break;
      changed_.wait(lock);
    }
    return std::nullopt;
  }

  // Both come back with the lock held.
  void look_closer(const Open& open, std::unique_lock<std::mutex>& lock) {
    const Look look = candidates_.look_closer(open.candidate);
    lock.lock();
    ++result_.looked_closer;
    keep(look, {std::max(look.bound, open.bound), open.candidate, false});
  }

  void work_out(const Open& open, std::unique_lock<std::mutex>& lock) {
    const std::optional<double> value = candidates_.work_out(open.candidate);
    lock.lock();
    ++result_.worked_out;
    if (!value || *value >= options_.below) return;
    const Found found{open.candidate, *value, open.bound};
    result_.best.insert(std::upper_bound(result_.best.begin(), result_.best.end(), found, is_before), found);
    if (result_.best.size() > options_.top) result_.best.pop_back();
  }

  const SearchOptions& options_;
  const Candidates& candidates_;
  std::atomic<std::uint64_t> next_{0};
  std::mutex mutex_;
  std::condition_variable changed_;
  int busy_ = 0;            // threads that look closer or work out
  std::vector<Open> open_;  // a heap
  SearchResult result_;
};

}  // namespace

SearchResult search(const SearchOptions& options, const Candidates& candidates) {
  return Search(options, candidates).run();
}

}  // namespace orrery::sweep

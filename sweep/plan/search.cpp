#include "sweep/plan/search.h"

#include <algorithm>
#include <mutex>
#include <thread>

namespace orrery::sweep {
namespace {

bool stopped(const SearchOptions& options) {
  return options.stop && options.stop->load(std::memory_order_relaxed);
}

// Calls `one` for 0, 1, 2… below `count`, each once, on the threads asked for, until it says no.
void in_parallel(const SearchOptions& options, std::uint64_t count, const std::function<bool(std::uint64_t)>& one) {
  std::atomic<std::uint64_t> next{0};
  std::atomic<bool> enough{false};
  const auto run = [&] {
    for (std::uint64_t i = next++; i < count && !enough && !stopped(options); i = next++)
      if (!one(i)) enough = true;
  };
  std::vector<std::jthread> threads;
  for (int t = 1; t < options.threads; ++t) threads.emplace_back(run);
  run();
}

bool is_before(const Found& a, const Found& b) {
  return a.value != b.value ? a.value < b.value : a.candidate < b.candidate;
}

class Search {
 public:
  Search(const SearchOptions& options, const std::function<Look(std::uint64_t)>& look,
         const std::function<std::optional<double>(std::uint64_t)>& work_out)
      : options_(options), look_(look), work_out_(work_out) {}

  SearchResult run() {
    look_at_all();
    std::sort(open_.begin(), open_.end(), [](const Found& a, const Found& b) {
      return a.bound != b.bound ? a.bound < b.bound : a.candidate < b.candidate;
    });
    work_out_best();
    result_.stopped = stopped(options_);
    return std::move(result_);
  }

 private:
  void look_at_all() {
    in_parallel(options_, options_.candidates, [&](std::uint64_t i) {
      Look look = look_(i);
      const std::lock_guard lock(mutex_);
      ++result_.looked_at;
      if (look.ruled_out.empty())
        open_.push_back({i, 0, look.bound});
      else
        ++result_.ruled_out[look.ruled_out];
      if (options_.progress) options_.progress(result_.looked_at, options_.candidates, true);
      return true;
    });
  }

  void work_out_best() {
    std::vector<bool> done(open_.size(), false);
    in_parallel(options_, open_.size(), [&](std::uint64_t i) {
      Found found = open_[i];
      {
        // A bound equal to the last value may still be a tie that comes first.
        const std::lock_guard lock(mutex_);
        if (result_.best.size() == options_.top && found.bound > result_.best.back().value) return false;
      }
      const std::optional<double> value = work_out_(found.candidate);
      const std::lock_guard lock(mutex_);
      done[i] = true;
      ++result_.worked_out;
      if (options_.progress) options_.progress(result_.worked_out, open_.size(), false);
      if (!value) return true;
      found.value = *value;
      result_.best.insert(std::upper_bound(result_.best.begin(), result_.best.end(), found, is_before), found);
      if (result_.best.size() > options_.top) result_.best.pop_back();
      return true;
    });
    for (std::size_t i = 0; i < open_.size(); ++i) {
      if (done[i]) continue;
      ++result_.pruned;
      if (!result_.nearest_pruned) result_.nearest_pruned = open_[i].bound;
    }
  }

  const SearchOptions& options_;
  const std::function<Look(std::uint64_t)>& look_;
  const std::function<std::optional<double>(std::uint64_t)>& work_out_;
  std::mutex mutex_;
  std::vector<Found> open_;
  SearchResult result_;
};

}  // namespace

SearchResult search(const SearchOptions& options, const std::function<Look(std::uint64_t)>& look,
                    const std::function<std::optional<double>(std::uint64_t)>& work_out) {
  return Search(options, look, work_out).run();
}

}  // namespace orrery::sweep

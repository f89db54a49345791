#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace orrery::sweep {

// The least of many candidates, without working all of them out.
//
// Each candidate is first looked at: it is ruled out with a reason, or has a lower bound of
// its value. Then they are taken up, always the one with the least bound: first it is looked at closer, for a
// better bound or a reason after all, and when its turn comes again worked out, until no bound
// that is left lies below the `top`-th value found. What is not worked out cannot be among the
// best `top`, so the answer is that of working out all: exact if the bounds are.
struct Look {
  std::string ruled_out;  // empty: a candidate
  double bound = 0;
};

// All are called from several threads.
struct Candidates {
  std::function<Look(std::uint64_t)> look;
  std::function<Look(std::uint64_t)> look_closer;                // none: the first look knows all
  std::function<std::optional<double>(std::uint64_t)> work_out;  // none for a candidate that turns out not to be one
};

struct Found {
  std::uint64_t candidate = 0;
  double value = 0, bound = 0;
};

struct SearchResult {
  std::vector<Found> best;  // at most `top`, the best first; ties by candidate
  std::map<std::string, std::uint64_t> ruled_out;
  std::uint64_t looked_at = 0, looked_closer = 0, worked_out = 0;
  std::uint64_t pruned = 0;              // by their bounds; none where it was stopped
  std::optional<double> nearest_pruned;  // the least bound among what was not worked out
  bool stopped = false;
};

struct SearchOptions {
  std::uint64_t candidates = 0;
  std::size_t top = 10;
  double below = std::numeric_limits<double>::infinity();  // values from here on are none
  int threads = 1;
  const std::atomic<bool>* stop = nullptr;  // then what is found is given
  // What is found so far, and, once all have been looked at, the least bound of what is left: when it has come up to
  // the last of the best, all is found. In any thread, one at a time.
  std::function<void(const SearchResult&, std::optional<double> least_bound)> progress;
};

SearchResult search(const SearchOptions& options, const Candidates& candidates);

}  // namespace orrery::sweep

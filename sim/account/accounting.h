#pragma once

#include <cstdint>
#include <vector>

#include "sim/run_result.h"
#include "sim/workload.h"

namespace orrery::sim {

// Where the main stream of each rank spends a step (RankTime).
//
// The engine says what the main stream has been doing since the rank's clock was
// last set, just before that changes; so every picosecond between start() and
// stop() is put in exactly one place, once.
class Accounting {
 public:
  Accounting(std::size_t ranks, std::size_t categories);

  // Begins a step at `now`: what was counted before is dropped.
  void start(RankId rank, Time now);
  void stop(RankId rank) { clocks_[rank].on = false; }

  bool is_on(RankId rank) const { return clocks_[rank].on; }
  Time since(RankId rank) const { return clocks_[rank].since; }
  void set_clock(RankId rank, Time now) { clocks_[rank].since = now; }

  void busy(RankId rank, Category category, Duration d) { row(rank)[category] += d.count_ps(); }
  void exposed(RankId rank, Category category, Duration d) { row(rank)[categories_ + category] += d.count_ps(); }
  void late(RankId rank, Category category, Duration d) { row(rank)[2 * categories_ + category] += d.count_ps(); }
  void bubble(RankId rank, Time from, Time to);

  // Waiting for peers of whom the last to come was itself in a bubble during
  // [bubble_from, bubble_to): that much of it is bubble here too.
  void late(RankId rank, Category category, Time from, Time to, Time bubble_from, Time bubble_to);

  // The last uninterrupted bubble of the rank.
  Time bubble_from(RankId rank) const { return clocks_[rank].bubble_from; }
  Time bubble_to(RankId rank) const { return clocks_[rank].bubble_to; }

  RankTime summary(RankId rank) const;

  // All that is known of a rank, to be put back.
  struct Page;
  Page page(RankId rank) const;
  void put_back(RankId rank, const Page& page);

  // What a rank has spent, by (busy, exposed, late) and category, ps; then its bubble.
  using Row = std::vector<std::int64_t>;
  Row spent(RankId rank) const;
  void spend(RankId rank, const Row& more);

 private:
  struct Clock {
    Time since;
    Time bubble_from, bubble_to;
    std::int64_t bubble = 0;
    bool on = false;
  };
  std::int64_t* row(RankId rank) { return &sums_[rank.value * 3 * categories_]; }

  std::size_t categories_;
  IdVector<RankId, Clock> clocks_;
  std::vector<std::int64_t> sums_;  // rank x (busy, exposed, late) x category, ps
};

struct Accounting::Page {
  Clock clock;
  std::vector<std::int64_t> sums;
};

}  // namespace orrery::sim

#pragma once

#include <cstdint>
#include <vector>

#include "sim/base/amount.h"

namespace orrery::sim {

// Max-min fair rates of activities that share links.
//
// An activity a crosses link l with connections(a,l) connections, all of which
// advance at the activity's rate x(a), in bytes per second of one connection. So
// a link that is full is shared in proportion to connections, and
//
//   sum over a of connections(a,l) * x(a) <= capacity(l),   x(a) <= max_rate(a).
//
// Progressive filling: all rates grow together; whoever meets a full link or its
// own limit stops there. In integers, the level of a link is what is left of it
// divided by the connections that still grow, rounded down. Each round takes the
// smallest level (or limit) r, and everyone on a link of that level, and everyone
// of that limit, stops at r, all at once.
//
// Invariants after solve():
//  (1) No link carries more than its capacity: rounding is down, and what is left
//      of a link is counted with the rounded rates.
//  (2) Every activity has its limit as its rate, or crosses a link on which
//      nobody is faster and of which less than one byte per second for each of
//      its connections is left. (Levels never fall: taking out c connections at
//      r <= left/n leaves (left - c r)/(n - c) >= left/n.)
//      Up to the rounding these two say that the allocation is max-min fair.
//  (3) Rates do not depend on the order in which links and activities were added:
//      a round is made of sets. For the same reason activities that cannot be told
//      apart get the same rate, to the last bit, and may be added as one with their
//      connections summed: what is left of a link, and who still grows on it, are
//      the same numbers. Folding rests on this.
//
// Activities and links are numbered from 0 as they are added. Nothing is
// allocated once the largest system has been seen.
class FairShare {
 public:
  static constexpr BytesPerSecond kUnlimited{INT64_MAX};

  // Back to a system of nothing.
  void clear();
  std::uint32_t add_link(BytesPerSecond capacity);
  // One that crosses no link yet. Without limit and links its rate is kUnlimited.
  std::uint32_t add_activity(BytesPerSecond max_rate = kUnlimited);
  // The activity added last crosses `link` (each link at most once) with `connections` > 0.
  void add_use(std::uint32_t link, std::int64_t connections);

  void solve();
  BytesPerSecond rate(std::uint32_t activity) const { return {activities_[activity].rate}; }

 private:
  struct LinkState {
    std::int64_t left = 0;         // capacity not yet given to those that stopped
    std::int64_t growing = 0;      // connections of those that have not
    std::uint32_t first_user = 0;  // into users_
    std::uint32_t users = 0;
    std::int64_t level() const { return left / growing; }
  };
  struct ActivityState {
    std::int64_t max_rate = 0;
    std::int64_t rate = kGrowing;
    std::uint32_t first_use = 0;  // into uses_; ends where the next activity's begin
  };
  struct Use {
    std::uint32_t link = 0;
    std::int64_t connections = 0;
  };
  // A level that a link had once: never above the one it has now.
  struct Candidate {
    std::int64_t level = 0;
    std::uint32_t link = 0;
    bool operator<(const Candidate& other) const { return level > other.level; }  // the smallest on top of the heap
  };
  static constexpr std::int64_t kGrowing = -1;

  void index_users();
  void line_up();
  bool refresh_top();
  void take_links_at(std::int64_t level);
  void stop(std::uint32_t activity, std::int64_t rate);

  std::vector<LinkState> links_;
  std::vector<ActivityState> activities_;
  std::vector<Use> uses_;
  std::vector<std::uint32_t> users_;     // activities by link
  std::vector<std::uint32_t> by_limit_;  // activities, smallest limit first
  std::vector<Candidate> heap_;
  std::vector<std::uint32_t> full_;  // the links of this round
};

}  // namespace orrery::sim

#pragma once

#include <cstdint>
#include <vector>

#include "sim/base/amount.h"
#include "sim/base/duration.h"
#include "sim/base/id.h"
#include "sim/network/fair_share.h"
#include "sim/workload.h"

namespace orrery::sim {

// The transfers in progress, as fluid activities over links: they start, are
// slowed by each other, and end.
//
// Rates are the max-min fair shares of fair_share.h, solved again once per instant
// and only where something has changed (settle.cpp). The limit of an activity is its phase's
// max_rate or, without one, the rate it would have if it were alone. A link on
// which the limits of all present add up to no more than its capacity cannot be
// full: it slows nobody and joins nobody. So an activity that meets no one costs
// its own uses and no search, and a fabric that does not block falls apart into
// small components.
//
// What is left of an activity is kept exactly, in bytes times 10^-12 (a rate in
// bytes per second times picoseconds); only the completion time is rounded, up.
class FlowNet {
 public:
  using ActivityId = std::uint32_t;  // small; used again after end

  // Capacities are positive.
  explicit FlowNet(const SharedIdVector<LinkId, Link>& links);

  // Precondition: phase.bytes > 0 and phase.uses is set. It moves from the next
  // settle on, which must be at the same `now`.
  ActivityId start(Time now, const Phase& phase);

  // Takes it away, complete or not.
  void end(Time now, ActivityId activity);

  // How long a phase flows that has its links for itself; never() - Time() if they are too slow to tell.
  Duration time_alone(const Phase& phase) const;
  // The same of all phases of a plan, with what goes before each.
  Duration time_alone(const TransferPlan& plan) const;

  // What a phase takes of a link as long as nobody slows it, in bytes per second: a link on which all together take no
  // more than its capacity slows nobody.
  Int128 demand(const Phase& phase, const LinkUse& use) const {
    return static_cast<Int128>(use.connections) * limit_of(phase);
  }

  // An activity that begins to flow at `at` (now or later), on links that nobody
  // else is on: nobody() if there are others. It takes time_alone and no settling,
  // as long as no other comes to one of its links. When one does (start), it is
  // listed in disturbed().
  ActivityId start_alone(Time at, const Phase& phase);
  static constexpr ActivityId nobody() { return UINT32_MAX; }

  // Activities that no longer have their links for themselves since clear_disturbed.
  // Those that flow already are now like any other, and their completion time holds until
  // settle says otherwise. Those that were to begin later are gone.
  const std::vector<ActivityId>& disturbed() const { return disturbed_; }
  void clear_disturbed() { disturbed_.clear(); }

  struct Completion {
    ActivityId activity;
    Time when;  // never() if a link has less than one byte per second for each connection
  };

  // Solves again what start and end have touched at this instant and appends every
  // activity whose completion time is new or has changed, each once; predictions
  // made before for those are void.
  void settle(Time now, std::vector<Completion>& changed);

  // Of one connection, as of the last settle.
  BytesPerSecond rate(ActivityId activity) const { return {activities_[activity].rate}; }
  // Sum over activities of connections times rate; at most the capacity.
  BytesPerSecond load(LinkId link) const;  // of activities that start_alone has not begun
  // How many activities cross the link now.
  std::uint32_t activities_on(LinkId link) const { return links_[link.value].activities; }

 private:
  // An activity's use of a link, in the link's list of users. Stays in place from start to end.
  struct Use {
    Use* next = nullptr;
    Use* previous = nullptr;
    ActivityId activity = 0;
    std::uint32_t link = 0;
    std::uint32_t connections = 0;
  };
  struct LinkState {
    Int128 demand = 0;  // sum of connections times limit of those present
    std::int64_t capacity = 0;
    Use* users = nullptr;
    std::uint32_t activities = 0;
    std::uint32_t number = 0;   // in the system being solved, and in system_links_
    std::uint32_t touched = 0;  // its place in touched_links_, from 1; 0: it is not there
    bool numbered = false;

    bool can_be_full() const { return demand > capacity; }
    bool can_hold_up() const { return activities > 1 && can_be_full(); }  // one by others; itself: its own limit
  };
  struct Activity {
    std::vector<Use> uses;  // keeps its memory for the next to have this id
    Int128 left = 0;        // at `since`, in bytes times 10^-12
    Time since;
    std::int64_t limit = 0;
    std::int64_t rate = 0;
    const Phase* phase = nullptr;  // while alone
    bool present = false;
    bool queued = false;  // in touched_
  };

  // A link that somebody came to or left since the last settle.
  struct TouchedLink {
    std::uint32_t link = 0;
    std::int64_t left_rate = 0;  // bytes per second of those that left
    std::int64_t left_connections = 0;
  };
  // A link of the system being solved, whose other users keep the rates that they have.
  struct SystemLink {
    std::uint32_t link = 0;
    std::int64_t others = 0;   // bytes per second of those that are not in the system
    std::int64_t fastest = 0;  // of all before, of one connection
    std::int64_t connections = 0;
    bool was_full = false;
    bool complete = true;    // all of its users are in the system
    std::int64_t after = 0;  // bytes per second as solved
  };

  // Who is on a link: free, an activity that is alone there, or those in its list.
  static constexpr ActivityId kFree = UINT32_MAX, kListed = UINT32_MAX - 1;

  static constexpr std::int64_t kParts = 1'000'000'000'000;  // of a byte: one byte per second moves one a picosecond

  static Time completion(Time since, Int128 left, std::int64_t rate);

  ActivityId new_activity();
  void join_links(ActivityId id, const Phase& phase);
  void disturb(Time now, ActivityId id);
  std::int64_t rate_alone(const Phase& phase) const;
  std::int64_t limit_of(const Phase& phase) const;
  void link_in(Use& use, std::int64_t limit);
  void link_out(Use& use, const Activity& activity);
  void touch(std::uint32_t link);
  void queue(ActivityId activity);
  void queue_users(const LinkState& link);
  void queue_those_held_up();
  void queue_components();
  bool meets_others(const Activity& activity) const;
  std::int64_t limit_of_own_links(const Activity& activity) const;
  SystemLink* met_over(const Use& use);
  SystemLink look_at(std::uint32_t link) const;
  void add_links_to_system(const Activity& activity);
  void add_to_system(const Activity& activity);
  void solve_queued();
  bool widen();
  void set_rate(Time now, ActivityId id, std::int64_t rate, std::vector<Completion>& changed);

  std::vector<LinkState> links_;
  std::vector<ActivityId> holder_;  // by link; apart from links_, for it is all that those alone touch
  std::vector<ActivityId> disturbed_;
  std::vector<Activity> activities_;
  std::vector<ActivityId> unused_;
  std::vector<TouchedLink> touched_links_;
  std::vector<ActivityId> touched_;    // to be given a rate
  std::vector<ActivityId> in_system_;  // those of touched_ that meet others, as numbered in the system
  std::vector<SystemLink> system_links_;
  FairShare fair_share_;
};

}  // namespace orrery::sim

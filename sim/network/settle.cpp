// FlowNet::settle: rates after starts and ends, solved again where they change and nowhere else.
//
// Rates are max-min fair (fair_share.h) if every activity has its limit, or crosses a full link on which nobody is
// faster; and there is one such allocation. So one activity's rate hangs on that of another only over a link that is
// full. Those that are queued are solved beside the others, who keep their rates: the queued share what those leave.
// That holds for all if, of every link on which a rate changed, either
//
//  (a) all users were queued, or
//  (b) it was not full before and is not now: it held nobody up, and holds nobody up.
//
// Where neither is so, the link's users are queued too and all of them are solved again. At first queued are those
// that start, and the users of full links that others have left. A link that is full "before" counts those others.
//
// A full link with users that are not queued gives no queued one more than the fastest there has: who had less takes
// up to that from the faster ones, which is a change, and then (a) has to hold. In integers a link is full when less is
// left of it than a byte per second for each connection of the fastest; nobody takes what rounding has left.
#include <algorithm>

#include "sim/network/flow_net.h"

namespace orrery::sim {
namespace {

// Where the change goes on and on, whole components are solved: they end it.
constexpr int kMostWidenings = 8;

// Of a link that holds up somebody less than a byte per second is left for each connection.
bool leaves_less(std::int64_t left, std::int64_t connections) {
  return left < connections;
}

}  // namespace

void FlowNet::settle(Time now, std::vector<Completion>& changed) {
  queue_those_held_up();
  solve_queued();
  for (int widenings = 1; widen(); ++widenings) {
    if (widenings == kMostWidenings) queue_components();
    solve_queued();
  }
  std::uint32_t number = 0;
  for (const ActivityId id : touched_) {
    Activity& activity = activities_[id];
    activity.queued = false;
    if (!activity.present) {
      unused_.push_back(id);
    } else if (number < in_system_.size() && in_system_[number] == id) {
      set_rate(now, id, fair_share_.rate(number++).n, changed);
    } else {
      set_rate(now, id, limit_of_own_links(activity), changed);
    }
  }
  touched_.clear();
  for (const TouchedLink& touched : touched_links_) links_[touched.link].touched = 0;
  touched_links_.clear();
}

// Of links that others have left. A link that somebody came to is looked at when it is known how fast they are.
void FlowNet::queue_those_held_up() {
  for (const TouchedLink& touched : touched_links_)
    if (touched.left_connections > 0 && look_at(touched.link).was_full) queue_users(links_[touched.link]);
}

void FlowNet::solve_queued() {
  fair_share_.clear();
  in_system_.clear();
  system_links_.clear();
  for (const ActivityId id : touched_)
    if (activities_[id].present && meets_others(activities_[id])) in_system_.push_back(id);
  for (const ActivityId id : in_system_) add_links_to_system(activities_[id]);
  for (const ActivityId id : in_system_) add_to_system(activities_[id]);
  for (const SystemLink& met : system_links_) links_[met.link].numbered = false;
  if (!in_system_.empty()) fair_share_.solve();
}

// Whether more have to be solved with those that were, and queues them.
bool FlowNet::widen() {
  if (std::all_of(system_links_.begin(), system_links_.end(), [](const SystemLink& met) { return met.complete; }))
    return false;
  const std::size_t before = touched_.size();
  for (SystemLink& met : system_links_) met.after = met.others;
  for (std::uint32_t i = 0; i < in_system_.size(); ++i)
    for (const Use& use : activities_[in_system_[i]].uses)
      if (SystemLink* met = met_over(use)) met->after += use.connections * fair_share_.rate(i).n;
  for (std::uint32_t i = 0; i < in_system_.size(); ++i) {
    const Activity& activity = activities_[in_system_[i]];
    const bool changed = activity.rate == 0 || activity.rate != fair_share_.rate(i).n;
    for (const Use& use : activity.uses) {
      const SystemLink* met = met_over(use);
      if (!met || met->complete) continue;
      const LinkState& link = links_[use.link];
      // What holds up a queued one now may be the share of a faster one, whether or not its rate is new.
      const bool is_full = leaves_less(link.capacity - met->after, met->connections);
      if (met->was_full ? changed : is_full) queue_users(link);
    }
  }
  return touched_.size() > before;
}

// Everyone who shares with those queued, over any number of steps, a link that can be full.
void FlowNet::queue_components() {
  for (std::size_t i = 0; i < touched_links_.size(); ++i) queue_users(links_[touched_links_[i].link]);
  for (std::size_t i = 0; i < touched_.size(); ++i) {
    for (const Use& use : activities_[touched_[i]].uses) {
      const LinkState& link = links_[use.link];
      if (link.touched || !link.can_hold_up()) continue;
      touch(use.link);
      queue_users(link);
    }
  }
}

bool FlowNet::meets_others(const Activity& activity) const {
  return std::any_of(activity.uses.begin(), activity.uses.end(),
                     [this](const Use& use) { return links_[use.link].can_hold_up(); });
}

// What the activity can have as far as the links go that it has for itself: to
// the solver those are a limit of its own.
std::int64_t FlowNet::limit_of_own_links(const Activity& activity) const {
  std::int64_t limit = activity.limit;
  for (const Use& use : activity.uses) {
    const LinkState& link = links_[use.link];
    if (link.activities == 1 && link.can_be_full()) limit = std::min(limit, link.capacity / use.connections);
  }
  return limit;
}

// Null where nobody can be held up by others.
FlowNet::SystemLink* FlowNet::met_over(const Use& use) {
  const LinkState& link = links_[use.link];
  return link.can_hold_up() ? &system_links_[link.number] : nullptr;
}

FlowNet::SystemLink FlowNet::look_at(std::uint32_t link) const {
  const LinkState& state = links_[link];
  SystemLink met;
  met.link = link;
  std::int64_t load = 0, fast = 0;  // connections as fast as the fastest
  for (const Use* use = state.users; use; use = use->next) {
    const Activity& user = activities_[use->activity];
    if (user.rate > met.fastest) met.fastest = user.rate, fast = 0;
    if (user.rate == met.fastest) fast += use->connections;
    met.connections += use->connections;
    load += use->connections * user.rate;
    if (user.queued) continue;
    met.others += use->connections * user.rate;
    met.complete = false;
  }
  const TouchedLink* touched = state.touched ? &touched_links_[state.touched - 1] : nullptr;
  if (touched && touched->left_connections > 0)  // how fast each was that left is not known
    met.was_full = leaves_less(state.capacity - load - touched->left_rate, met.connections + touched->left_connections);
  else
    met.was_full = met.fastest > 0 && state.capacity - load < fast;
  return met;
}

void FlowNet::add_links_to_system(const Activity& activity) {
  for (const Use& use : activity.uses) {
    LinkState& link = links_[use.link];
    if (link.numbered || !link.can_hold_up()) continue;
    link.numbered = true;
    system_links_.push_back(look_at(use.link));
    link.number = fair_share_.add_link({std::max<std::int64_t>(0, link.capacity - system_links_.back().others)});
  }
}

void FlowNet::add_to_system(const Activity& activity) {
  const auto only_told = [](const SystemLink& met) { return met.was_full && !met.complete; };
  std::int64_t limit = limit_of_own_links(activity);
  for (const Use& use : activity.uses)
    if (const SystemLink* met = met_over(use); met && only_told(*met)) limit = std::min(limit, met->fastest);
  fair_share_.add_activity({limit});
  for (const Use& use : activity.uses)
    if (const SystemLink* met = met_over(use); met && !only_told(*met))
      fair_share_.add_use(links_[use.link].number, use.connections);
}

// A rate that stays leaves the prediction as it is: nothing is rounded twice.
void FlowNet::set_rate(Time now, ActivityId id, std::int64_t rate, std::vector<Completion>& changed) {
  Activity& activity = activities_[id];
  const bool is_new = activity.rate == 0 && activity.since == now;
  if (rate == activity.rate && !is_new) return;
  activity.left -= static_cast<Int128>(activity.rate) * (now - activity.since).count_ps();
  if (activity.left < 0) activity.left = 0;
  activity.since = now;
  activity.rate = rate;
  changed.push_back({id, completion(now, activity.left, rate)});
}

}  // namespace orrery::sim

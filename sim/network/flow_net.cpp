#include "sim/network/flow_net.h"

#include <algorithm>

namespace orrery::sim {

namespace {

constexpr std::int64_t kParts = 1'000'000'000'000;  // of a byte: one byte per second moves one part per picosecond

// The one place where a completion time is rounded: up, so no work ends early.
Time completion(Time since, Int128 left, std::int64_t rate) {
  if (rate <= 0) return Time::never();
  const Int128 ps = (left + rate - 1) / rate;
  if (ps > INT64_MAX - since.count_ps()) return Time::never();
  return since + Duration::ps(static_cast<std::int64_t>(ps));
}

}  // namespace

FlowNet::FlowNet(const IdVector<LinkId, Link>& links) : links_(links.size()), holder_(links.size(), kFree) {
  for (std::size_t l = 0; l < links.size(); ++l) {
    links_[l].capacity = links[LinkId{static_cast<std::uint32_t>(l)}].capacity.n;
  }
}

FlowNet::ActivityId FlowNet::start(Time now, const Phase& phase) {
  for (const LinkUse& use : *phase.uses)
    if (const ActivityId other = holder_[use.link.value]; other < kListed) disturb(now, other);
  const ActivityId id = new_activity();
  Activity& activity = activities_[id];
  activity.left = static_cast<Int128>(phase.bytes.n) * kParts;
  activity.since = now;
  activity.rate = 0;
  join_links(id, phase);
  queue(id);
  return id;
}

void FlowNet::join_links(ActivityId id, const Phase& phase) {
  Activity& activity = activities_[id];
  activity.limit = limit_of(phase);
  activity.present = true;
  activity.uses.resize(phase.uses->size());
  for (std::size_t i = 0; i < activity.uses.size(); ++i) {
    const LinkUse& use = (*phase.uses)[i];
    activity.uses[i] = {.activity = id, .link = use.link.value, .connections = use.connections};
    link_in(activity.uses[i], activity.limit);
  }
}

FlowNet::ActivityId FlowNet::start_alone(Time at, const Phase& phase) {
  const bool free = std::all_of(phase.uses->begin(), phase.uses->end(),
                                [this](const LinkUse& use) { return holder_[use.link.value] == kFree; });
  if (!free) return nobody();
  const ActivityId id = new_activity();
  activities_[id].phase = &phase;
  activities_[id].since = at;
  for (const LinkUse& use : *phase.uses) holder_[use.link.value] = id;
  return id;
}

// Another comes to a link of an activity that is alone so far: it takes its place
// in the lists as if it had been there since it began to flow.
void FlowNet::disturb(Time now, ActivityId id) {
  disturbed_.push_back(id);
  const Phase& phase = *activities_[id].phase;
  if (activities_[id].since > now) return end(now, id);
  Activity& activity = activities_[id];
  activity.phase = nullptr;
  activity.left = static_cast<Int128>(phase.bytes.n) * kParts;
  const bool is_new = activity.since == now;
  activity.rate = is_new ? 0 : rate_alone(phase);
  join_links(id, phase);
  if (is_new) queue(id);
}

std::int64_t FlowNet::rate_alone(const Phase& phase) const {
  const std::int64_t limit = limit_of(phase);
  std::int64_t rate = limit;
  for (const LinkUse& use : *phase.uses) {
    const std::int64_t capacity = links_[use.link.value].capacity;
    if (static_cast<Int128>(use.connections) * limit > capacity) rate = std::min(rate, capacity / use.connections);
  }
  return rate;
}

Duration FlowNet::time_alone(const Phase& phase) const {
  return completion(Time(), static_cast<Int128>(phase.bytes.n) * kParts, rate_alone(phase)).since_start();
}

void FlowNet::end(Time, ActivityId id) {
  Activity& activity = activities_[id];
  if (activity.phase) {
    for (const LinkUse& use : *activity.phase->uses) holder_[use.link.value] = kFree;
    activity.phase = nullptr;
    unused_.push_back(id);
    return;
  }
  for (Use& use : activity.uses) link_out(use, activity.limit);
  activity.uses.clear();
  activity.present = false;
  // While it is queued its id stays taken: settle lets go of it.
  if (!activity.queued) unused_.push_back(id);
}

void FlowNet::settle(Time now, std::vector<Completion>& changed) {
  find_components();
  fair_share_.clear();
  in_system_.clear();
  for (const ActivityId id : touched_) {
    Activity& activity = activities_[id];
    activity.queued = false;
    if (!activity.present) {
      unused_.push_back(id);
    } else if (!meets_others(activity)) {
      set_rate(now, id, limit_of_own_links(activity), changed);
    } else {
      add_to_system(activity);
      in_system_.push_back(id);
    }
  }
  touched_.clear();
  if (in_system_.empty()) return;
  fair_share_.solve();
  for (std::uint32_t i = 0; i < in_system_.size(); ++i) set_rate(now, in_system_[i], fair_share_.rate(i).n, changed);
  for (const std::uint32_t link : numbered_) links_[link].numbered = false;
  numbered_.clear();
}

BytesPerSecond FlowNet::load(LinkId link) const {
  std::int64_t sum = 0;
  for (const Use* use = links_[link.value].users; use; use = use->next) {
    sum += use->connections * activities_[use->activity].rate;
  }
  return {sum};
}

FlowNet::ActivityId FlowNet::new_activity() {
  if (unused_.empty()) {
    activities_.emplace_back();
    return static_cast<ActivityId>(activities_.size() - 1);
  }
  const ActivityId id = unused_.back();
  unused_.pop_back();
  return id;
}

// Either what the phase says or what its links leave it alone, never the smaller
// of both: so a folded phase, whose connections are those of its whole class, can
// say the limit of one member, and the same links can be full in both networks.
std::int64_t FlowNet::limit_of(const Phase& phase) const {
  if (phase.max_rate.n > 0) return phase.max_rate.n;
  std::int64_t limit = FairShare::kUnlimited.n;
  for (const LinkUse& use : *phase.uses) limit = std::min(limit, links_[use.link.value].capacity / use.connections);
  return limit;
}

void FlowNet::link_in(Use& use, std::int64_t limit) {
  LinkState& link = links_[use.link];
  use.next = link.users;
  if (use.next) use.next->previous = &use;
  link.users = &use;
  if (link.activities++ == 0) holder_[use.link] = kListed;
  link.demand += static_cast<Int128>(use.connections) * limit;
  if (link.activities > 1 && link.can_be_full()) touch(use.link);
}

void FlowNet::link_out(Use& use, std::int64_t limit) {
  LinkState& link = links_[use.link];
  if (link.activities > 1 && link.can_be_full()) touch(use.link);
  (use.previous ? use.previous->next : link.users) = use.next;
  if (use.next) use.next->previous = use.previous;
  if (--link.activities == 0) holder_[use.link] = kFree;
  link.demand -= static_cast<Int128>(use.connections) * limit;
}

void FlowNet::touch(std::uint32_t link) {
  if (links_[link].touched) return;
  links_[link].touched = true;
  touched_links_.push_back(link);
}

void FlowNet::queue(ActivityId id) {
  if (activities_[id].queued) return;
  activities_[id].queued = true;
  touched_.push_back(id);
}

void FlowNet::queue_users(const LinkState& link) {
  for (const Use* use = link.users; use; use = use->next) queue(use->activity);
}

// Everyone whose rate may have changed: those on a touched link, and whoever
// shares with them, over any number of steps, a link that can be full.
void FlowNet::find_components() {
  for (const std::uint32_t link : touched_links_) queue_users(links_[link]);
  for (std::size_t i = 0; i < touched_.size(); ++i) {
    for (const Use& use : activities_[touched_[i]].uses) {
      LinkState& link = links_[use.link];
      if (link.touched || link.activities < 2 || !link.can_be_full()) continue;
      link.touched = true;
      touched_links_.push_back(use.link);
      queue_users(link);
    }
  }
  for (const std::uint32_t link : touched_links_) links_[link].touched = false;
  touched_links_.clear();
}

bool FlowNet::meets_others(const Activity& activity) const {
  return std::any_of(activity.uses.begin(), activity.uses.end(), [this](const Use& use) {
    return links_[use.link].activities > 1 && links_[use.link].can_be_full();
  });
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

void FlowNet::add_to_system(const Activity& activity) {
  fair_share_.add_activity({limit_of_own_links(activity)});
  for (const Use& use : activity.uses) {
    LinkState& link = links_[use.link];
    if (link.activities < 2 || !link.can_be_full()) continue;
    if (!link.numbered) {
      link.numbered = true;
      link.number = fair_share_.add_link({link.capacity});
      numbered_.push_back(use.link);
    }
    fair_share_.add_use(link.number, use.connections);
  }
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

#include "sim/network/flow_net.h"

#include <algorithm>

namespace orrery::sim {

// The one place where a completion time is rounded: up, so no work ends early.
Time FlowNet::completion(Time since, Int128 left, std::int64_t rate) {
  if (rate <= 0) return Time::never();
  const Int128 ps = (left + rate - 1) / rate;
  if (ps > INT64_MAX - since.count_ps()) return Time::never();
  return since + Duration::ps(static_cast<std::int64_t>(ps));
}

FlowNet::FlowNet(const SharedIdVector<LinkId, Link>& links) : links_(links.size()), holder_(links.size(), kFree) {
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

Duration FlowNet::time_alone(const TransferPlan& plan) const {
  Duration sum;
  for (const Phase& phase : plan.phases) {
    sum += phase.latency;
    if (phase.bytes.n > 0) sum += phase.uses ? time_alone(phase) : phase.bytes / phase.max_rate;
  }
  return sum;
}

void FlowNet::end(Time, ActivityId id) {
  Activity& activity = activities_[id];
  if (activity.phase) {
    for (const LinkUse& use : *activity.phase->uses) holder_[use.link.value] = kFree;
    activity.phase = nullptr;
    unused_.push_back(id);
    return;
  }
  for (Use& use : activity.uses) link_out(use, activity);
  activity.uses.clear();
  activity.present = false;
  // While it is queued its id stays taken: settle lets go of it.
  if (!activity.queued) unused_.push_back(id);
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
  if (link.can_hold_up()) touch(use.link);
}

void FlowNet::link_out(Use& use, const Activity& activity) {
  LinkState& link = links_[use.link];
  if (link.activities > 1 && (link.touched || link.can_be_full())) {
    touch(use.link);
    touched_links_[link.touched - 1].left_rate += use.connections * activity.rate;
    touched_links_[link.touched - 1].left_connections += use.connections;
  }
  (use.previous ? use.previous->next : link.users) = use.next;
  if (use.next) use.next->previous = use.previous;
  if (--link.activities == 0) holder_[use.link] = kFree;
  link.demand -= static_cast<Int128>(use.connections) * activity.limit;
}

void FlowNet::touch(std::uint32_t link) {
  if (links_[link].touched) return;
  touched_links_.push_back({link});
  links_[link].touched = static_cast<std::uint32_t>(touched_links_.size());
}

void FlowNet::queue(ActivityId id) {
  if (activities_[id].queued) return;
  activities_[id].queued = true;
  touched_.push_back(id);
}

void FlowNet::queue_users(const LinkState& link) {
  for (const Use* use = link.users; use; use = use->next) queue(use->activity);
}

}  // namespace orrery::sim

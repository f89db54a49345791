#include "sim/fold/plans.h"

#include <algorithm>
#include <span>

#include "sim/fold/hash.h"

namespace orrery::sim {

namespace {

// The limit that FlowNet would give one member of the class. It is written down
// here because FlowNet cannot see it in connections that are summed.
BytesPerSecond limit_of(const Phase& phase, const Workload& workload) {
  if (phase.max_rate.n > 0) return phase.max_rate;
  std::int64_t limit = INT64_MAX;
  for (const LinkUse& use : *phase.uses) limit = std::min(limit, workload.links[use.link].capacity.n / use.connections);
  return {limit};
}

bool has_uses(const Phase& phase) {
  return phase.uses && !phase.uses->empty();
}

}  // namespace

std::optional<FlowPlans> FlowPlans::ask(const Workload& workload, const IdVector<ProgramId, ProgramMeets>& meets,
                                        const Pattern& pattern) {
  FlowPlans plans;
  plans.plans_.reserve(pattern.flows.size());
  std::size_t flow = 0;
  for (const GroupId group : pattern.first_group)
    if (!plans.add(workload, pattern.flows[flow++], wanted_of(workload, meets, group))) return std::nullopt;
  for (const ProgramId program : pattern.frame.workload.program_of) {
    const ProgramMeets& of_rank = meets[program];
    for (const ProgramMeets::InRole& in : of_rank.sends)
      if (!plans.add(workload, pattern.flows[flow++], in.wanted)) return std::nullopt;
    if (!of_rank.copies.empty() && !plans.add(workload, pattern.flows[flow++], of_rank.copies)) return std::nullopt;
  }
  return plans;
}

bool FlowPlans::add(const Workload& workload, const Pattern::Flow& flow, const std::vector<Wanted>& wanted) {
  std::vector<Asked>& asked = plans_.emplace_back();
  asked.reserve(wanted.size());
  signatures_.push_back(0);
  shapes_.push_back(wanted.size());
  for (const Wanted& w : wanted) {
    asked.emplace_back(w, workload.planner->plan({w.kind, flow.ranks, w.bytes}));
    TransferPlan& plan = asked.back().second;
    const std::uint64_t how = hash_pair(std::uint64_t{plan.algorithm} << 8 | plan.claim, plan.phases.size());
    std::uint64_t &signature = signatures_.back(), &shape = shapes_.back();
    shape = hash_pair(shape ^ static_cast<std::uint64_t>(w.kind), how);
    signature = hash_pair(signature ^ static_cast<std::uint64_t>(w.kind), static_cast<std::uint64_t>(w.bytes.n));
    signature = hash_pair(signature, how);
    if (!map_to_classes(workload, flow, plan)) return false;
  }
  return true;
}

bool FlowPlans::map_to_classes(const Workload& workload, const Pattern::Flow& flow, TransferPlan& plan) {
  for (Phase& phase : plan.phases) {
    const auto wire = !has_uses(phase) ? flow.wires.end()
                                       : std::find_if(flow.wires.begin(), flow.wires.end(),
                                                      [&](const auto& known) { return known.own == *phase.uses; });
    if (has_uses(phase) && wire == flow.wires.end()) return false;
    const auto number = static_cast<std::uint64_t>(wire - flow.wires.begin());
    const std::uint64_t times =
        hash_pair(static_cast<std::uint64_t>(phase.latency.count_ps()), static_cast<std::uint64_t>(phase.bytes.n));
    std::uint64_t &signature = signatures_.back(), &shape = shapes_.back();
    signature = hash_pair(signature ^ times, hash_pair(static_cast<std::uint64_t>(phase.max_rate.n), number));
    shape = hash_pair(shape, number);
    if (!has_uses(phase)) continue;
    phase.max_rate = limit_of(phase, workload);
    phase.uses = wire->folded;
  }
  return true;
}

bool FoldedPlans::build() {
  if (!add_groups()) return false;
  add_pairs_and_copies();
  return true;
}

// In order of what they want.
auto FoldedPlans::wanted_by_groups() const -> std::vector<WantedBy> {
  std::vector<WantedBy> all;
  for (GroupId group{0}; group.value < pattern_.frame.workload.groups.size(); ++group.value)
    for (const auto& [wanted, plan] : plans_.of(group.value))
      all.push_back({{pattern_.family_of_group[group], wanted}, group, &plan});
  std::ranges::stable_sort(all, {}, [](const WantedBy& by) { return by.what.key(); });
  return all;
}

bool FoldedPlans::add_groups() {
  constexpr std::int64_t kMost = 1000;
  const std::vector<WantedBy> wanted = wanted_by_groups();
  for (auto first = wanted.begin(), end = first; first != wanted.end(); first = end) {
    end = std::find_if(first, wanted.end(), [&](const WantedBy& by) { return first->what < by.what; });
    const std::span<const WantedBy> alike(first, end);
    std::int64_t extra = 0;
    while (extra < kMost && !fits(alike, extra)) ++extra;
    if (extra == kMost) return false;
    if (extra > 0) extra_[first->what] = extra;
    for (const WantedBy& by : alike) {
      const auto [kind, ranks, bytes] = request(by, extra);
      table_.emplace(FoldedRequest{kind, {ranks.begin(), ranks.end()}, bytes}, *by.plan);
    }
  }
  return true;
}

bool FoldedPlans::fits(std::span<const WantedBy> alike, std::int64_t extra) const {
  std::vector<TransferRequest> requests;
  requests.reserve(alike.size());
  for (const WantedBy& by : alike) requests.push_back(request(by, extra));
  std::ranges::sort(requests, ByRequest());
  const auto are_equal = [](const TransferRequest& a, const TransferRequest& b) { return !ByRequest()(a, b); };
  return std::ranges::adjacent_find(requests, are_equal) == requests.end() &&
         std::ranges::none_of(requests, [this](const TransferRequest& r) { return table_.contains(r); });
}

TransferRequest FoldedPlans::request(const WantedBy& by, std::int64_t extra) const {
  const Wanted& wanted = by.what.wanted;
  return {wanted.kind, pattern_.frame.workload.groups[by.group].members, wanted.bytes + Bytes{extra}};
}

// Of two sends of a class to one other, the first that is asked for counts.
void FoldedPlans::add_pairs_and_copies() {
  for (std::size_t f = pattern_.first_group.size(); f < pattern_.flows.size(); ++f) {
    std::vector<RankId> ranks;
    for (const RankId rank : pattern_.flows[f].ranks) ranks.push_back(pattern_.frame.class_of[rank]);
    for (const auto& [wanted, plan] : plans_.of(f)) table_.try_emplace({wanted.kind, ranks, wanted.bytes}, plan);
  }
}

Bytes FoldedPlans::size_of(const Transfer& transfer) const {
  if (extra_.empty() || transfer.role >= pattern_.family_of_role.size()) return transfer.bytes;
  const auto at = extra_.find({pattern_.family_of_role[transfer.role], {transfer.kind, transfer.bytes}});
  return at == extra_.end() ? transfer.bytes : transfer.bytes + Bytes{at->second};
}

}  // namespace orrery::sim

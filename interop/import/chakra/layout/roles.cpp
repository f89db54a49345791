// Gradients are reduced at the end of a rank's work on them: nothing computes with the sum but
// the optimizer. Activations that are split over ranks are reduced in the middle: the next
// operator takes them. Parameters are gathered before any compute, from shards that lie in
// memory, or after the optimizer.
#include "interop/import/chakra/layout/roles.h"

#include <algorithm>
#include <set>

namespace orrery::interop::chakra {
namespace {

using Pass = NodeName::Pass;

struct Surroundings {
  std::vector<bool> behind_work;  // some compute comes before this node
  std::vector<bool> feeds_work;   // some compute of the same step comes after it
};

// What only takes sums and feeds nobody is an optimizer's step, whatever it is called.
std::vector<bool> updates(const RankStep& step) {
  const auto& nodes = step.trace->nodes;
  std::vector<bool> feeds(nodes.size(), false), update(nodes.size(), false);
  for (std::uint32_t i = 0; i < nodes.size(); ++i)
    for (std::uint32_t need : step.needs(i)) feeds[need] = true;
  for (std::uint32_t i = 0; i < nodes.size(); ++i) {
    const auto& needs = step.needs(i);
    const bool takes_sums = std::any_of(needs.begin(), needs.end(), [&](std::uint32_t need) {
      return nodes[need].kind == Kind::collective && reduces(nodes[need].collective);
    });
    update[i] =
        step.pass[i] == Pass::update || (nodes[i].works() && step.pass[i] != Pass::backward && takes_sums && !feeds[i]);
  }
  return update;
}

// Computes of all micro-batches, but of the first step only; and what is sent to the next
// stage, where a compute takes it.
std::vector<bool> of_step(const RankStep& step) {
  const auto& nodes = step.trace->nodes;
  std::vector<bool> counts(nodes.size(), false);
  for (std::uint32_t i = 0; i < nodes.size(); ++i)
    counts[i] = nodes[i].kind == Kind::send || (step.steps == 1 && nodes[i].works());
  for (std::uint32_t i : step.computes) counts[i] = true;
  return counts;
}

Surroundings surroundings_of(const RankStep& step) {
  const auto& nodes = step.trace->nodes;
  Surroundings s{std::vector<bool>(nodes.size(), false), std::vector<bool>(nodes.size(), false)};
  const std::vector<bool> update = updates(step), counts = of_step(step);
  for (std::uint32_t i = 0; i < nodes.size(); ++i)
    for (std::uint32_t need : step.needs(i))
      if (s.behind_work[need] || nodes[need].works()) s.behind_work[i] = true;
  for (auto i = static_cast<std::uint32_t>(nodes.size()); i-- > 0;)
    if (s.feeds_work[i] || (counts[i] && !update[i]))
      for (std::uint32_t need : step.needs(i)) s.feeds_work[need] = true;
  return s;
}

Role role_of(const RankStep& step, const Surroundings& s, std::uint32_t node) {
  const Collective collective = step.trace->nodes[node].collective;
  const bool gathers = collective == Collective::all_gather;
  if (!gathers && !reduces(collective)) return Role::unknown;
  if (!step.chained) {
    const std::uint32_t before = step.work_before[node];
    if (gathers || before == RankStep::kNone) return gathers ? Role::parameters : Role::unknown;
    return step.pass[before] == Pass::forward ? Role::activations : Role::gradients;
  }
  if (gathers) return s.behind_work[node] && s.feeds_work[node] ? Role::activations : Role::parameters;
  if (!s.behind_work[node]) return Role::unknown;
  return s.feeds_work[node] ? Role::activations : Role::gradients;
}

// Reductions of a group.
struct Tally {
  std::int64_t middles = 0;
  std::set<std::string> ends;  // layers whose work ends in one
};

// A layer by its name, or a compute that has none by its place.
std::string layer_before(const RankStep& step, std::uint32_t node) {
  const std::uint32_t before = step.work_before[node];
  if (before == RankStep::kNone) return "";
  return step.layer[before].empty() ? std::to_string(before) : step.layer[before];
}

std::map<std::string, Tally> tallies_of(const RankStep& step, const Roles& roles) {
  std::map<std::string, Tally> tallies;
  for (const Transfer& transfer : roles.transfers) {
    const TraceNode& node = step.trace->nodes[transfer.node];
    if (!reduces(node.collective)) continue;
    Tally& tally = tallies[node.group];
    if (transfer.role == Role::activations) ++tally.middles;
    if (transfer.role == Role::gradients) tally.ends.insert(layer_before(step, transfer.node));
  }
  return tallies;
}

// A tensor-parallel group ends in the gradient of the first layer's input, which nobody takes
// either; a data-parallel one has no reduction in the middle. The ends of several layers, and
// middles: both are there.
void settle(GroupRole& group, const Tally& tally) {
  group.mixed = tally.middles > 0 && tally.ends.size() > 1;
  if (tally.middles > 0 && !group.mixed)
    group.role = Role::activations;
  else if (!tally.ends.empty())
    group.role = Role::gradients;
}

Role settled(const GroupRole& group, const TraceNode& node, Role role) {
  if (group.mixed || group.role == Role::unknown || role == Role::unknown) return role;
  if (group.role == Role::activations) return Role::activations;
  // What is gathered among the ranks that reduce gradients is what those update.
  return reduces(node.collective) ? role : Role::parameters;
}

void settle_all(const RankStep& step, Roles& roles) {
  auto tallies = tallies_of(step, roles);
  for (auto& [name, group] : roles.groups) settle(group, tallies[name]);
  constexpr std::int64_t kMostBytes = std::int64_t{1} << 42;  // a million of them still add up
  for (Transfer& transfer : roles.transfers) {
    const TraceNode& node = step.trace->nodes[transfer.node];
    const auto group = roles.groups.find(node.group);
    transfer.role = group == roles.groups.end() ? Role::unknown : settled(group->second, node, transfer.role);
    if (const int i = index_of(transfer.role); i >= 0) group->second.bytes[i] += std::min(node.bytes, kMostBytes);
  }
}

}  // namespace

int index_of(Role role) {
  return static_cast<int>(role) - 1;
}

bool reduces(Collective collective) {
  return collective == Collective::all_reduce || collective == Collective::reduce_scatter ||
         collective == Collective::reduce_scatter_block;
}

Roles roles_of(const RankStep& step, const World& world) {
  Roles roles;
  const Surroundings s = surroundings_of(step);
  for (std::uint32_t node : step.transfers) {
    const std::string& group = step.trace->nodes[node].group;
    if (world.size_of(group) > 1) roles.groups[group];
    roles.transfers.push_back({node, role_of(step, s, node), s.feeds_work[node]});
  }
  settle_all(step, roles);
  return roles;
}

}  // namespace orrery::interop::chakra

#include "models/compile/roles.h"

#include <algorithm>
#include <numeric>
#include <set>
#include <utility>

#include "models/layout/context_split.h"
#include "models/layout/sharding.h"
#include "models/layout/tensor_grid.h"

namespace orrery::models {
namespace {

using Places = std::vector<Coordinate>;  // by rank

// Groups whose members share `key` (-1: in no group), in order of rank.
template <class Place, class Key>
void add_role(const std::vector<Place>& at, RoleTables& tables, std::string name, bool crosses_pipeline, int keys,
              const Key& key) {
  const auto ranks = static_cast<std::uint32_t>(at.size());
  sim::GroupRoleInfo info{std::move(name), IdVector<RankId, GroupId>(ranks, GroupId::none()), crosses_pipeline};
  IdVector<GroupId, sim::Group>& groups = tables.groups.edit();
  std::vector<GroupId> group_of_key(static_cast<std::size_t>(keys), GroupId::none());
  for (std::uint32_t r = 0; keys > 0 && r < ranks; ++r) {
    const int k = key(at[r]);
    if (k < 0) continue;
    GroupId& group = group_of_key[static_cast<std::size_t>(k)];
    if (group.is_none()) {
      group = groups.add({});
      groups[group].members.reserve(ranks / static_cast<std::size_t>(keys));
    }
    groups[group].members.push_back({r});
    info.group_of[{r}] = group;
  }
  tables.group_roles.edit().push_back(std::move(info));
}

void add_peer(const Layout& layout, const Places& places, RoleTables& tables, std::string name, int step) {
  const auto ranks = static_cast<std::uint32_t>(places.size());
  const int pp = layout.spec().pp;
  sim::PeerRoleInfo info{std::move(name), IdVector<RankId, RankId>(ranks, RankId::none())};
  for (std::uint32_t r = 0; pp > 1 && r < ranks; ++r) {
    Coordinate at = places[r];
    at.pp = (at.pp + step + pp) % pp;
    info.peer_of[{r}] = layout.rank(at);
  }
  tables.peer_roles.edit().push_back(std::move(info));
}

// Of a stage's replicas q, q + R, ...: its turn-th micro-batch is where q + turn R comes to be, going round there.
void add_turn(const Layout& layout, const Places& places, RoleTables& tables, const std::string& name, int step,
              int turn) {
  const LayoutSpec& s = layout.spec();
  sim::PeerRoleInfo info{name + " " + std::to_string(turn),
                         IdVector<RankId, RankId>(static_cast<std::uint32_t>(places.size()), RankId::none())};
  for (std::uint32_t r = 0; r < static_cast<std::uint32_t>(places.size()); ++r) {
    Coordinate at = places[r];
    const int there = at.pp + step;
    if (there < 0 || there >= s.pp || turn >= neighbours_in_turn(s, at.pp, there)) continue;
    const int micro_batch = at.dp + turn * s.stage_replicas[static_cast<std::size_t>(at.pp)];
    at.pp = there;
    at.dp = micro_batch % s.stage_replicas[static_cast<std::size_t>(there)];
    info.peer_of[{r}] = layout.rank(at);
  }
  tables.peer_roles.edit().push_back(std::move(info));
}

void add_peers_in_turn(const Layout& layout, const Places& places, RoleTables& tables) {
  const LayoutSpec& s = layout.spec();
  int turns = 1;
  for (int stage = 0; stage + 1 < s.pp; ++stage)
    turns = std::max({turns, neighbours_in_turn(s, stage, stage + 1), neighbours_in_turn(s, stage + 1, stage)});
  for (int turn = 0; turn < turns; ++turn) {
    add_turn(layout, places, tables, "next stage", 1, turn);
    add_turn(layout, places, tables, "previous stage", -1, turn);
  }
}

// The most of any stage.
int replicas_at_most(const LayoutSpec& s) {
  return s.stage_replicas.empty() ? s.dp : *std::max_element(s.stage_replicas.begin(), s.stage_replicas.end());
}

// What a rank of the pipeline holds, numbered: from both ends, ranks r and p-1-r hold the same.
int held_by(int rank, int ranks, bool bidirectional) {
  return bidirectional ? std::min(rank, ranks - 1 - rank) : rank;
}

// Replicas in groups of `group` neighbours, so that a group lies inside a node where it
// can; and the ranks at the same place in different groups.
void add_replica_groups(const Layout& layout, const Places& at, RoleTables& tables, const std::string& name, bool any,
                        int group, bool bidirectional) {
  const LayoutSpec& s = layout.spec();
  const int copies = s.dp * s.cp / group;
  add_role(at, tables, name, false, any ? s.tp * s.pp * copies : 0, [=, &layout](const Coordinate& c) {
    return any ? (c.pp * s.tp + c.tp) * copies + layout.replica(c) / group : -1;
  });
  add_role(at, tables, name + " copies", false, any ? s.tp * s.pp * group : 0, [=, &layout](const Coordinate& c) {
    return any ? (held_by(c.pp, s.pp, bidirectional) * s.tp + c.tp) * group + layout.replica(c) % group : -1;
  });
}

// Ranks that trade heads are neighbours; every so-manieth makes a ring.
void add_context_roles(const Layout& layout, const Places& at, RoleTables& tables) {
  const LayoutSpec& s = layout.spec();
  const ContextSplit split = context_split(s);
  const int fixed = s.tp * s.dp * s.pp;
  const auto place = [s](const Coordinate& c) { return (c.pp * s.dp + c.dp) * s.tp + c.tp; };
  const bool trades = split.ulysses > 1, rings = split.ring > 1;
  add_role(at, tables, "cp ulysses", false, trades ? fixed * split.ring : 0,
           [=](const Coordinate& c) { return trades ? place(c) * split.ring + c.cp / split.ulysses : -1; });
  add_role(at, tables, "cp ring", false, rings ? fixed * split.ulysses : 0,
           [=](const Coordinate& c) { return rings ? place(c) * split.ulysses + c.cp % split.ulysses : -1; });
}

void add_part_role(const Layout& layout, const Places& at, RoleTables& tables, std::string name,
                   const TensorPart& part) {
  const LayoutSpec& s = layout.spec();
  const int parts = s.tp / part.size;
  add_role(at, tables, std::move(name), false, part.size > 1 ? s.cp * s.dp * s.pp * parts : 0,
           [=](const Coordinate& c) {
             return part.size == 1 ? -1 : ((c.pp * s.dp + c.dp) * s.cp + c.cp) * parts + part.of(c.tp);
           });
}

// A rank's place in the grid has row, column and level for digits; a group is where one of them runs.
void add_grid_roles(const Layout& layout, const Places& at, RoleTables& tables) {
  const TensorGrid grid = tensor_grid(layout.spec());
  add_part_role(layout, at, tables, "tp row", {grid.side, 1});
  add_part_role(layout, at, tables, "tp column", {grid.side, grid.side});
  add_part_role(layout, at, tables, "tp level", {grid.depth, grid.side * grid.side});
}

// Ranks with the same `width`th of the parameters of a stage.
void add_replica_role(const Layout& layout, const Places& at, RoleTables& tables, std::string name, int width,
                      bool bidirectional) {
  const int pp = layout.spec().pp;
  add_role(at, tables, std::move(name), false, width * pp,
           [=](const Coordinate& c) { return held_by(c.pp, pp, bidirectional) * width + c.tp % width; });
}

std::string part_name(const TensorPart& part) {
  const std::string size = std::to_string(part.size);
  return part.stride == 1 ? "tp " + size : "tp " + size + " every " + std::to_string(part.stride);
}

void add_layer_roles(const Layout& layout, const Places& at, const LayerRoles& roles, bool bidirectional,
                     RoleTables& tables) {
  for (const TensorPart& part : roles.parts()) add_part_role(layout, at, tables, part_name(part), part);
  for (const int degree : roles.degrees())
    add_replica_role(layout, at, tables, "dp at tp " + std::to_string(degree), degree, bidirectional);
}

// Ranks with the same experts, in shard groups and across them, if those are not all.
void add_expert_shard_roles(const std::vector<ExpertCoordinate>& at, const LayoutSpec& s, bool bidirectional,
                            RoleTables& tables) {
  const Sharding split = expert_sharding(s, bidirectional ? 2 : 1);
  const int group = split.group, copies = expert_replicas(s) / group;
  const bool any = s.shard_group > 0 && split.copies() > 1;
  const auto holds = [=](const ExpertCoordinate& c, int stage) { return (stage * s.ep + c.ep) * s.etp + c.etp; };
  const int kinds = any ? s.pp * s.ep * s.etp : 0;
  add_role(at, tables, "edp shard", false, kinds * copies,
           [=](const ExpertCoordinate& c) { return any ? holds(c, c.pp) * copies + c.edp / group : -1; });
  add_role(at, tables, "edp shard copies", false, kinds * group, [=](const ExpertCoordinate& c) {
    return any ? holds(c, held_by(c.pp, s.pp, bidirectional)) * group + c.edp % group : -1;
  });
}

void add_expert_roles(const Layout& layout, int domain_gpus, bool bidirectional, RoleTables& tables) {
  const LayoutSpec& s = layout.spec();
  const int edp = expert_replicas(s), in_domain = layout.experts_per_domain(domain_gpus), domains = s.ep / in_domain;
  std::vector<ExpertCoordinate> at;
  for (std::uint32_t r = 0; r < static_cast<std::uint32_t>(layout.ranks()); ++r)
    at.push_back(layout.expert_coordinate({r}));
  const auto group = [=](const ExpertCoordinate& c) { return (c.pp * edp + c.edp) * s.etp + c.etp; };
  const int groups = s.etp * edp * s.pp;
  add_role(at, tables, "ep", false, groups, group);
  add_role(at, tables, "etp", false, s.ep * edp * s.pp,
           [=](const ExpertCoordinate& c) { return (c.pp * edp + c.edp) * s.ep + c.ep; });
  add_role(at, tables, "edp", false, s.ep * s.etp * s.pp, [=](const ExpertCoordinate& c) {
    return (held_by(c.pp, s.pp, bidirectional) * s.ep + c.ep) * s.etp + c.etp;
  });
  add_role(at, tables, "ep in node", false, groups * domains,
           [=](const ExpertCoordinate& c) { return group(c) * domains + c.ep / in_domain; });
  add_role(at, tables, "ep across nodes", false, groups * in_domain,
           [=](const ExpertCoordinate& c) { return group(c) * in_domain + c.ep % in_domain; });
  add_expert_shard_roles(at, s, bidirectional, tables);
}

bool has_grid_roles(const RoleNeeds& needs) {
  return tensor_grid(needs.layout).active() || needs.experts;
}

int roles_before_layers(const RoleNeeds& needs) {
  if (needs.experts) return role::edp_shard_copies + 1;
  return has_grid_roles(needs) ? role::tp_level + 1 : role::node_copies + 1;
}

}  // namespace

// Parts of one rank have nothing to say to each other, and a part that is all of the group is role::tp.
LayerRoles::LayerRoles(const RoleNeeds& needs)
    : tp_(needs.layout.tp), first_(roles_before_layers(needs)), degrees_(layer_degrees(needs.layout)) {
  if (degrees_.empty()) return;
  const LayoutSpec& layout = needs.layout;
  std::set<TensorPart> parts;
  for (const int degree : degrees_) parts.insert({degree, 1});
  for (int layer = 0; layer <= needs.layers; ++layer) {
    const int before = layer_degree(layout, layer - 1), here = layer_degree(layout, layer);
    if (before != here) parts.insert(sample_ranks(before, here));
  }
  for (const TensorPart& part : parts)
    if (part.size > 1 && part.size < tp_) parts_.push_back(part);
}

sim::GroupRole LayerRoles::part(const TensorPart& part) const {
  if (part.size == tp_) return role::tp;
  const auto found = std::find(parts_.begin(), parts_.end(), part);
  return static_cast<sim::GroupRole>(first_ + (found - parts_.begin()));
}

sim::GroupRole LayerRoles::replicas(int degree) const {
  if (degree == tp_) return role::dp;
  const auto found = std::find(degrees_.begin(), degrees_.end(), degree);
  return static_cast<sim::GroupRole>(first_ + static_cast<std::ptrdiff_t>(parts_.size()) + (found - degrees_.begin()));
}

int neighbours_in_turn(const LayoutSpec& layout, int here, int there) {
  if (layout.stage_replicas.empty()) return 1;
  const int ours = layout.stage_replicas[static_cast<std::size_t>(here)];
  return std::lcm(ours, layout.stage_replicas[static_cast<std::size_t>(there)]) / ours;
}

bool shares_embedding(const ModelSpec& model) {
  return model.tied_embeddings || model.mtp_layers > 0;
}

RoleNeeds role_needs(const Scenario& scenario, bool bidirectional) {
  return {.layout = scenario.layout,
          .layers = scenario.model.layers,
          .domain_gpus = scenario.cluster.domain_gpus(),
          .experts = scenario.model.moe.has_value(),
          .shares_embedding = shares_embedding(scenario.model),
          .bidirectional = bidirectional};
}

std::vector<Coordinate> places(const Layout& layout) {
  std::vector<Coordinate> places;
  const auto ranks = static_cast<std::uint32_t>(layout.ranks());
  places.reserve(ranks);
  for (std::uint32_t r = 0; r < ranks; ++r) places.push_back(layout.coordinate({r}));
  return places;
}

RoleTables role_tables(const RoleNeeds& needs) {
  const Layout layout(needs.layout);
  const LayoutSpec& s = layout.spec();
  const bool bidirectional = needs.bidirectional, share = needs.shares_embedding && s.pp > 1;
  RoleTables tables;
  tables.places = places(layout);
  const Places& at = tables.places;
  const int dp = replicas_at_most(s);
  add_role(at, tables, "tp", false, s.cp * dp * s.pp,
           [s, dp](const Coordinate& c) { return (c.pp * dp + c.dp) * s.cp + c.cp; });
  add_replica_role(layout, at, tables, "dp", s.tp, bidirectional);
  // Pipelines whose stages have numbers of replicas of their own have no replica as a whole.
  add_role(at, tables, "model", s.pp > 1, s.stage_replicas.empty() ? s.cp * s.dp : 0,
           [s](const Coordinate& c) { return c.dp * s.cp + c.cp; });
  add_role(at, tables, "world", s.pp > 1, 1, [](const Coordinate&) { return 0; });
  add_role(at, tables, "embedding", true, s.tp * s.cp * s.dp, [s, share](const Coordinate& c) {
    if (!share || (c.pp != 0 && c.pp != s.pp - 1)) return -1;
    return (c.dp * s.cp + c.cp) * s.tp + c.tp;
  });
  const Sharding split = sharding(s, bidirectional ? 2 : 1);
  add_replica_groups(layout, at, tables, "shard", split.optimizer && split.copies() > 1, split.group, bidirectional);
  add_context_roles(layout, at, tables);
  add_replica_groups(layout, at, tables, "node", s.zeropp.any(), s.zeropp.node_group, bidirectional);
  if (has_grid_roles(needs)) add_grid_roles(layout, at, tables);
  if (needs.experts) add_expert_roles(layout, needs.domain_gpus, bidirectional, tables);
  add_layer_roles(layout, at, LayerRoles(needs), bidirectional, tables);
  if (s.stage_replicas.empty()) {
    add_peer(layout, at, tables, "next stage", 1);
    add_peer(layout, at, tables, "previous stage", -1);
  } else {
    add_peers_in_turn(layout, at, tables);
  }
  return tables;
}

void add_roles(const RoleTables& tables, sim::Workload& workload) {
  workload.groups = tables.groups;
  workload.group_roles = tables.group_roles;
  workload.peer_roles = tables.peer_roles;
}

}  // namespace orrery::models

#pragma once

#include <vector>

#include "models/layout/layer_degrees.h"
#include "models/layout/layout.h"
#include "sim/workload.h"

namespace orrery::models {

// Roles that programs address each other by. The numbers are indices into
// Workload::group_roles and Workload::peer_roles.
namespace role {
inline constexpr sim::GroupRole tp = 0;         // tensor-parallel ranks of one layer
inline constexpr sim::GroupRole dp = 1;         // replicas of one shard of parameters (dp x cp, and both ends' stages)
inline constexpr sim::GroupRole model = 2;      // all shards of one replica (tp x pp): norm and overflow without ZeRO
inline constexpr sim::GroupRole world = 3;      // everybody: norm and overflow when gradients are sharded
inline constexpr sim::GroupRole embedding = 4;  // first and last stage, when they share the embedding
inline constexpr sim::GroupRole shard =
    5;  // of those replicas, the ranks that hold one copy of the states between them
inline constexpr sim::GroupRole shard_copies = 6;  // ranks that hold the same share of different copies
inline constexpr sim::GroupRole cp_ulysses = 7;    // context-parallel ranks that trade heads for sequence
inline constexpr sim::GroupRole cp_ring = 8;       // and those around which keys pass
inline constexpr sim::GroupRole node = 9;          // replicas inside a node (ZeRO++)
inline constexpr sim::GroupRole node_copies = 10;  // and those at the same place in different nodes
// Where tensor-parallel ranks stand in a grid: those that differ in row, in column, in level.
inline constexpr sim::GroupRole tp_row = 11;
inline constexpr sim::GroupRole tp_column = 12;
inline constexpr sim::GroupRole tp_level = 13;
// Where the model has experts: ranks that exchange tokens, that split an expert, that
// hold the same ones; and of the first, those in one NVLink domain, and those with
// the same place in every domain.
inline constexpr sim::GroupRole ep = 14;
inline constexpr sim::GroupRole etp = 15;
inline constexpr sim::GroupRole edp = 16;
inline constexpr sim::GroupRole ep_node = 17;
inline constexpr sim::GroupRole ep_rail = 18;
// Of the ranks with the same experts, those that hold one copy of their states between them; and those with the same
// share of different copies.
inline constexpr sim::GroupRole edp_shard = 19;
inline constexpr sim::GroupRole edp_shard_copies = 20;
inline constexpr sim::PeerRole next_stage = 0;  // around the ring of stages
inline constexpr sim::PeerRole previous_stage = 1;
// Where stages have numbers of replicas of their own: whom a rank's micro-batches go to in turn, and come from.
constexpr sim::PeerRole next_in_turn(int turn) {
  return static_cast<sim::PeerRole>(next_stage + 2 * turn);
}
constexpr sim::PeerRole previous_in_turn(int turn) {
  return static_cast<sim::PeerRole>(previous_stage + 2 * turn);
}
}  // namespace role

// All that roles hang on.
struct RoleNeeds {
  LayoutSpec layout;
  int layers = 0, domain_gpus = 0;
  bool experts = false, shares_embedding = false;
  bool bidirectional = false;  // pipeline ranks r and p-1-r hold the same two stages
  bool operator==(const RoleNeeds&) const = default;
};

RoleNeeds role_needs(const Scenario& scenario, bool bidirectional);

// Roles of layers with tensor-parallel degrees of their own (models/layout/layer_degrees.h):
// as many as the scenario needs, behind those above that it has.
class LayerRoles {
 public:
  explicit LayerRoles(const RoleNeeds& needs);
  explicit LayerRoles(const Scenario& scenario) : LayerRoles(role_needs(scenario, false)) {}

  // Tensor-parallel ranks of a layer of `degree`; of one rank: nobody.
  sim::GroupRole tp(int degree) const { return part({degree, 1}); }
  // Ranks that have different samples at the smaller of two degrees.
  sim::GroupRole samples(int degree, int other) const { return part(sample_ranks(degree, other)); }
  // Replicas of one shard of a layer's parameters.
  sim::GroupRole replicas(int degree) const;

  // In the order of their roles: parts of the tensor-parallel group, then degrees that have replicas of their own.
  const std::vector<TensorPart>& parts() const { return parts_; }
  const std::vector<int>& degrees() const { return degrees_; }

 private:
  sim::GroupRole part(const TensorPart& part) const;

  int tp_;
  int first_;
  std::vector<TensorPart> parts_;
  std::vector<int> degrees_;
};

// Neighbours that a replica of `here` meets in turn, the micro-batches going round among those of both stages.
int neighbours_in_turn(const LayoutSpec& layout, int here, int there);

// The last stage needs the first one's embedding, for its head or for the tokens after the next.
bool shares_embedding(const ModelSpec& model);

// Group and peer roles of every rank, as a workload has them, and where it stands in the layout.
struct RoleTables {
  std::vector<Coordinate> places;  // by rank
  SharedIdVector<GroupId, sim::Group> groups;
  SharedList<sim::GroupRoleInfo> group_roles;
  SharedList<sim::PeerRoleInfo> peer_roles;
};

std::vector<Coordinate> places(const Layout& layout);
RoleTables role_tables(const RoleNeeds& needs);
void add_roles(const RoleTables& tables, sim::Workload& workload);

}  // namespace orrery::models

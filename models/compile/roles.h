#pragma once

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
inline constexpr sim::PeerRole next_stage = 0;  // around the ring of stages
inline constexpr sim::PeerRole previous_stage = 1;
}  // namespace role

// The last stage needs the first one's embedding, for its head or for the tokens after the next.
bool shares_embedding(const ModelSpec& model);

// Fills in group and peer roles of every rank, as far as the model needs them.
// `bidirectional`: pipeline ranks r and p-1-r hold the same two stages.
void add_roles(const Layout& layout, const Scenario& scenario, bool bidirectional, sim::Workload& workload);

}  // namespace orrery::models

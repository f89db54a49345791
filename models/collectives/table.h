#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "models/collectives/algorithm.h"
#include "sim/planner.h"
#include "sim/program.h"
#include "topology/fabric.h"

namespace orrery::models {

// One size of a collective on an idle cluster, in nccl-tests' terms: bandwidths in
// 1e9 bytes/s, 0 where nothing moves.
struct CollectiveRow {
  Bytes bytes;
  Duration time;
  double algbw = 0, busbw = 0;
  Method method;
  std::string busiest_link;  // empty where no link is loaded
};

// Sizes in the nccl-tests sense (docs/collectives.md). `planner` is one of make_planner's;
// where it is analytic and touches no link, `on_links` is one that says which it would load.
std::vector<CollectiveRow> collective_table(const topology::Fabric& fabric, const sim::TransferPlanner& planner,
                                            sim::TransferKind kind, std::span<const RankId> ranks,
                                            std::span<const Bytes> sizes,
                                            const sim::TransferPlanner* on_links = nullptr);

// busbw / algbw of an operation among `ranks` ranks. Source: NVIDIA/nccl-tests doc/PERFORMANCE.md.
double bus_factor(sim::TransferKind kind, int ranks);

}  // namespace orrery::models

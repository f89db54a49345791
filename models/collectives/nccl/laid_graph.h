#pragma once

#include <cstdint>
#include <vector>

#include "models/collectives/links/communicator.h"

namespace orrery::models {

// Channels through a node as NCCL laid them (NCCL_GRAPH_DUMP_FILE): each the places of
// its GPUs in the node, first to last. Between nodes it comes in and leaves by the first
// one's NIC, or leaves by the last one's where it crosses NICs.
struct LaidChannels {
  std::vector<std::vector<std::uint32_t>> orders;
  double speed_inside = 0, speed_between = 0;  // GB/s of one channel; 0: not told
  bool cross_nic = false;
};

// In place of what a search like NCCL's would find, for groups of whole nodes.
struct LaidGraph {
  LaidChannels rings, trees;  // of a tree its chain inside a node
  int nvls_heads = 0;         // GPUs that reduce a part each in the switches; 0: not told
  double nvls_inside = 0, nvls_between = 0;
};

// Whether the group is of whole nodes of as many GPUs.
bool is_laid_for(const LaidGraph& laid, const Communicator& comm);

// Channels and speeds of the graph, as NCCL takes them from the file: as many as rings and trees both have,
// each of them twice at half the speed.
void lay(const LaidGraph& laid, Communicator& comm);

}  // namespace orrery::models

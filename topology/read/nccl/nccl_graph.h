#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/result.h"

namespace orrery::topology {

// NCCL's graph XML (NCCL_GRAPH_FILE, NCCL_GRAPH_DUMP_FILE): the channels that its
// search found, GPU by GPU. Source of the format: NVIDIA/nccl src/graph/search.cc.

struct NcclChannel {
  std::vector<int> gpus;               // `dev` of each, in the order of the channel
  std::optional<int> net_in, net_out;  // `dev` of the NIC that it enters and leaves by; none inside a node
  Where where;
};

// What `id` says; the numbers are NCCL's.
enum class NcclGraphKind { ring = 0, tree = 1, collnet_chain = 2, nvls = 3, collnet_direct = 4 };
std::string_view to_string(NcclGraphKind kind);

struct NcclGraph {
  NcclGraphKind kind = NcclGraphKind::ring;
  int pattern = 0;
  double speed_intra = 0, speed_inter = 0;  // GB/s of one channel
  std::string type_intra, type_inter;       // "NVL", "PIX", "SYS"
  bool cross_nic = false;
  std::vector<NcclChannel> channels;
  Where where;
};

struct NcclGraphs {
  std::vector<NcclGraph> graphs;

  const NcclGraph* find(NcclGraphKind kind) const;
};

// All faults at once: a channel that passes a GPU twice or leaves one out, fewer
// channels than `nchannels` says, two graphs with one id.
Result<NcclGraphs> parse_nccl_graphs(std::string_view text, const std::string& file);

}  // namespace orrery::topology

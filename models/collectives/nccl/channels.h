#pragma once

#include <span>

#include "models/collectives/nccl/model.h"

namespace orrery::models {

// Channels of a communicator as NCCL's search would find them (graph/search.cc,
// docs/collectives.md), for NVSwitch nodes. GB/s.
struct ChannelGraph {
  int channels = 0;       // compute channels
  double speed = 0;       // of one compute channel
  double tree_speed = 0;  // what NCCL reckons a tree's channel with
  double rails = 1;       // share of the ways out of a node that rings and trees use

  // Channels as links see them: as many a rank, so that the ranks of a node are alike.
  // Fewer channels than ranks stand for the time when each is on another rank's rail.
  int spread = 0;

  int heads = 0;                          // GPUs of a node that reduce a part each (NVLS), at most 32
  int nvls_channels = 0;                  // of the NVLS kernel
  double nvls_intra = 0, nvls_inter = 0;  // of one head, inside a node and between nodes
};

// NCCL has no more (MAXCHANNELS).
inline constexpr int kMostChannels = 64;

// `nic` is the rated bandwidth of one NIC in GB/s, `nics` those that the ranks of
// one node use; `nodes` 1 asks for a graph inside one domain. `unknown`: speeds between nodes that a version of NCCL
// does not try.
ChannelGraph channel_graph(Generation generation, double nvlink_budget, int nodes, int ranks_per_node, int nics,
                           double nic, std::span<const double> unknown = {});

// The same of a node whose GPUs PCIe alone joins; `budget`: of the least link on the ring's way.
ChannelGraph pcie_graph(Generation generation, double budget);

// Channels of one send and receive inside such a node.
inline constexpr int kPcieSendChannels = 2;

// Channels of one send and receive: over NVLink twice the links of a GPU, over the
// network one for every 14 GB/s of its NIC and at least two; powers of two.
int send_channels(Generation generation, bool crosses_network, double nic);

// A send goes by LL while each of its channels has at most this much.
inline constexpr double kSendLlBytesPerChannel = 16384;

// Share of a wire that carries data: LL sends a flag with every 4 bytes, LL128
// one with every 120 of 128, and NCCL reckons with 0.92 for it.
inline constexpr ByProtocol kWireShare = {0.5, 0.92, 1.0};

// Compute channels of a ring inside one NVSwitch node.
int ring_channels(Generation generation);

// Channels that a tree of so few bytes uses: each thread is given 8 bytes at least, 64 by Simple (enqueue.cc).
int tree_channels(Protocol protocol, double bytes, int channels);

// Bytes of a chunk of a tree (enqueue.cc): a step of the protocol's buffer; LL128, and of
// older versions Simple (`by_depth`), halve it while a channel has few of them.
double tree_chunk(Protocol protocol, double bytes, int channels, int nodes, int ranks_per_node, bool by_depth);

// Bytes of a chunk of the NVLS kernels, or of the NVLS tree's, for a message of this size (enqueue.cc).
double nvls_chunk(const ChannelGraph& graph, int nodes, double bytes, bool tree);

}  // namespace orrery::models

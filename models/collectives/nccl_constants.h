#pragma once

#include <array>
#include <cstdint>

#include "topology/hardware.h"

namespace orrery::models {

enum class Algorithm : std::uint8_t { tree, ring };
enum class Protocol : std::uint8_t { ll, ll128, simple };
inline constexpr int kProtocols = 3;
using ByProtocol = std::array<double, kProtocols>;

inline double of(const ByProtocol& values, Protocol protocol) {
  return values[static_cast<std::size_t>(protocol)];
}

// GPU generations as NCCL's tables know them.
enum class Generation : std::uint8_t { volta, ampere, hopper, blackwell };
Generation generation_of(const topology::GpuSpec& gpu);

// NCCL's own model, by which it chooses. Microseconds and GB/s.
// Source: NVIDIA/nccl graph/tuning.cc, 2.30.7 (revision 5067397c).
struct NcclModel {
  ByProtocol tree_base, ring_base;
  ByProtocol tree_nvlink, ring_nvlink;    // a hop inside a node
  ByProtocol tree_network, ring_network;  // a hop between nodes
  double ll_max_one_node;                 // cap on LL's bus bandwidth
  double ll_max_two_nodes, ll_max_nodes;
  std::array<double, 3> ring_ll128, tree_ll128, tree_simple;  // caps per channel on 1, 2, more nodes
  double large_ring_latency;                                  // factor on Simple rings that cross nodes
};
const NcclModel& nccl_model(Generation generation, bool amd_host);

// Correction of a tree all-reduce's bandwidth at this message size (tuning.cc).
double tree_correction(Protocol protocol, double bytes);

// What is measured inside one NVLink domain, where NCCL's constants are 20 to 40 %
// off. Fitted on public nccl-tests sweeps (ai-dynamo/aiconfigurator: A100 2.27.3,
// H100 and H200 2.29.2, B200 2.28.9-2.29.2, GB200 2.29.2; 2 to 8 GPUs, 512 B to
// 1 GiB), medians of the errors are in docs/collectives.md.
struct Measured {
  ByProtocol base, hop;      // microseconds; a ring's time before its bytes: base + steps x hop
  ByProtocol efficiency;     // bus bandwidth as a share of the budget of a GPU's links
  double own_share;          // GB/s at which a rank's own share passes the kernel (gather and scatter kinds)
  double own_share_reduced;  // the same in an all-reduce
  std::array<double, 2> exchange_base, exchange_step, exchange_efficiency;  // all-to-all: LL, Simple
  double exchange_own_share;
  double send_base;  // microseconds: send and receive over NVLink
};
const Measured& measured(Generation generation);

// Channels of a communicator as NCCL's search would find them (section 3.3 of
// graph/search.cc), for NVSwitch nodes.
struct ChannelGraph {
  int channels = 0;       // compute channels
  double speed = 0;       // GB/s of one compute channel
  double tree_speed = 0;  // what NCCL reckons a tree's channel with
};

// `nic` is the rated bandwidth of one NIC in GB/s, `nics` those that the ranks of
// one node use; `nodes` 1 asks for a graph inside one domain.
ChannelGraph channel_graph(Generation generation, double nvlink_budget, int nodes, int ranks_per_node, int nics,
                           double nic);

// Channels of one send and receive: over NVLink twice the links of a GPU, over the
// network one for every 14 GB/s of its NIC and at least two; powers of two.
int send_channels(Generation generation, bool crosses_network, double nic);

// A send goes by LL while each of its channels has at most this much.
inline constexpr double kSendLlBytesPerChannel = 16384;

// Share of a wire that carries data: LL sends a flag with every 4 bytes, LL128
// one with every 120 of 128, and NCCL reckons with 0.92 for it.
inline constexpr ByProtocol kWireShare = {0.5, 0.92, 1.0};

}  // namespace orrery::models

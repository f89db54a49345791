#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/amount.h"
#include "sim/base/duration.h"
#include "sim/base/id.h"
#include "sim/base/result.h"

namespace orrery::topology {

// Number formats a tensor core multiplies; the keys of `peak` in a GPU file.
enum class Dtype { fp32, tf32, fp16, bf16, fp8, mxfp8, nvfp4 };
std::string_view to_string(Dtype dtype);
std::optional<Dtype> dtype_from(std::string_view name);

// Tier-1 curve of a matrix product: t = t0 + ((F/(ec P))^p + (B/(em W))^p)^(1/p),
// plus the quantisation of the input for fp8. Source beside each value in the file.
struct GemmCurve {
  double compute_efficiency = 0.75;  // ec
  double memory_efficiency = 0.75;   // em
  Duration launch;                   // t0
  double exponent = 2;               // p
  double quantize_efficiency = 0;    // eq; 0: no quantisation term
  Duration quantize_launch;          // tq
  double wave = 0;                   // q: share of a last, partly filled wave of tiles that costs a full one
  double sustained = 1;  // by which the power limit stretches products that follow each other for a whole step
  bool operator==(const GemmCurve&) const = default;
};

// Forward efficiency against peak by sequence length (causal, d = 128), and the
// ratio of backward time to forward time.
struct AttentionCurve {
  std::vector<std::pair<double, double>> efficiency_by_length;  // (s, share of peak), rising in s
  double backward_ratio = 3.0;
  double memory_efficiency = 0.75;
  Duration launch;
  std::map<std::string, double> kernel_slowdown;  // of older kernels ("flash-2") against the table's; others: 1
  bool operator==(const AttentionCurve&) const = default;
};

// A memory-bound kernel family: t = launch + bytes / (efficiency W).
struct MemoryBoundCurve {
  double efficiency = 0.75;
  Duration launch;
  bool operator==(const MemoryBoundCurve&) const = default;
};

struct GpuSpec {
  std::string name;
  Bytes memory;  // what the driver reports as total
  BytesPerSecond memory_bandwidth;
  std::map<Dtype, FlopsPerSecond> peak;  // dense
  int sms = 0;
  Watts power;                      // rated (TDP); 0: not known
  int compute_capability = 0;       // 90 for sm_90
  std::map<Dtype, GemmCurve> gemm;  // always holds bf16 or fp16; others fall back (gemm_curve)
  AttentionCurve attention;
  std::map<std::string, MemoryBoundCurve> memory_bound;  // by operator name; "default" always there
  bool fitted = true;  // false: curves transferred from another GPU, and results say so
  std::string transferred_from;
  std::vector<std::string> driver_names;  // what drivers call it
  bool operator==(const GpuSpec&) const = default;
};

enum class LinkKind : std::uint8_t { nvlink, pcie, nic, spine };
inline constexpr int kLinkKinds = 4;
std::string_view to_string(LinkKind kind);

// NVLinks that join two GPUs of a node, by their places in it.
struct Wire {
  int a = 0, b = 0, links = 1;
  bool operator==(const Wire&) const = default;
};

// GPUs of a node (or of an NVLink domain) among themselves.
struct ScaleUpSpec {
  // nvswitch, mesh (NVLinks to every other GPU), cube-mesh (to some: `wires`), torus (TPU), pcie (no NVLink) or ideal.
  std::string kind = "nvswitch";
  std::string generation;       // nvlink3…
  int switches = 1;             // NVSwitch chips that a GPU's links spread over, all planes together
  int planes = 1;               // boards of switches, joined switch to switch (DGX-2: 2)
  std::vector<Wire> wires;      // of a cube mesh
  std::vector<int> dimensions;  // of a torus, fastest-changing first
  int wrap_multiple = 1;        // a torus closes where a dimension is a multiple of this
  BytesPerSecond bandwidth;     // per GPU and direction, datasheet
  BytesPerSecond usable;        // what NCCL's search budgets (reference collectives.md 3.4)
  bool in_network_reduction = false;
  bool operator==(const ScaleUpSpec&) const = default;
};

// What hangs on what inside a node. GPUs, PCIe switches and NICs are spread
// evenly, in order, over what is above them; a NUMA domain is a root complex.
struct HostSpec {
  std::string pcie = "gen5";
  BytesPerSecond pcie_bandwidth;    // per GPU and direction, usable; of a switch's uplink too
  BytesPerSecond memory_bandwidth;  // of a node's CPUs, as an optimizer's passes over memory reach it
  BytesPerSecond disk_bandwidth;    // of a node's NVMe drives together
  int nics = 8;                     // per node
  int pcie_switches = 0;            // per node; 0: everything hangs on root ports
  int numa = 2;
  std::string socket_link;          // upi, xgmi…
  BytesPerSecond socket_bandwidth;  // of a NUMA domain towards the others, each direction
  BytesPerSecond socket_budget;     // what NCCL's search reckons with for it
  // What a root port lets pass between its GPUs and those of other ports, each direction; and of that to other NUMA
  // domains. 0: as much as its wires.
  BytesPerSecond peer_bandwidth, peer_socket_bandwidth;
  bool operator==(const HostSpec&) const = default;
};

struct ListedFabric;

struct FabricSpec {
  // none, single-switch, fat-tree, rail-optimized, rail-only, multi-plane, dragonfly, torus, nvl-domain or listed.
  std::string kind = "rail-optimized";
  std::shared_ptr<const ListedFabric> listed;  // by a file, link by link; null for any other kind
  BytesPerSecond link;                         // per NIC port and direction, rated
  double efficiency = 0.92;                    // usable share of the rating for large transfers
  int leaf_radix = 64;                         // ports of a leaf switch, half of them down
  double oversubscription = 1;
  int pod_gpus = 0;                 // 0: as many as the switches join; else GPUs a pod (a dragonfly's group)
  double pod_oversubscription = 1;  // between pods
  std::vector<int> dimensions;      // of a torus of nodes, fastest-changing first
  bool sharp = false;
  std::string routing = "balanced";  // balanced, deterministic, ecmp or adaptive
  int queue_pairs = 1;               // of a connection; each is hashed for itself
  Duration latency;                  // NIC to NIC through one switch
  Duration switch_latency;           // each switch more
  bool operator==(const FabricSpec&) const = default;
};

// A link that is slow or failed: what it carries, as a share or as a rate.
struct LinkFault {
  std::string link;  // its name, both directions; or one of them ("leaf3-spine1 up")
  double share = 1;
  BytesPerSecond rate;  // where above zero, in place of the share
  Where where;
  bool operator==(const LinkFault&) const = default;
};

// Nodes that are alike, in a cluster of several kinds. What is where in a node is the
// same in all of them (read_groups); the parts and their rates are the group's own.
struct NodeGroup {
  int nodes = 1;
  GpuSpec gpu;
  ScaleUpSpec scale_up;
  HostSpec host;
  std::string cpu_vendor = "intel";
  BytesPerSecond link;  // of a NIC's port; at most what the switches' ports carry, fabric.link
  bool operator==(const NodeGroup&) const = default;
};

// What a cluster's NCCL is told (`cluster.nccl`): names as NCCL has them, checked by who knows them.
struct NcclSpec {
  std::string version;                             // whose choices its collectives follow; empty: the newest known
  std::vector<std::string> protocols, algorithms;  // those that may run, as NCCL_PROTO and NCCL_ALGO; empty: all
  std::string tuner;                               // a plugin that chooses in its place; empty: none
  bool operator==(const NcclSpec&) const = default;
};

struct ClusterSpec {
  std::string name;
  GpuSpec gpu;
  int gpus_per_node = 8;  // as used by the job
  int physical_gpus_per_node = 8;
  int nodes = 1;
  int nvlink_domain = 0;  // GPUs of one NVLink domain; 0: the node
  int whole_domain = 0;   // and how many it could hold, where these are fewer; 0: no more
  ScaleUpSpec scale_up;
  HostSpec host;
  FabricSpec fabric;
  // Of unlike nodes, numbered one group after the other; empty where all are alike.
  // gpu, scale_up, host and cpu_vendor are the first group's then.
  std::vector<NodeGroup> groups;
  std::vector<LinkFault> faults;
  std::string cpu_vendor = "intel";
  NcclSpec nccl;
  bool ideal = false;                      // free links: transfers take no time
  std::vector<std::string> assumptions;    // said in the result's warnings
  std::vector<std::string> defaults_used;  // "cluster.host.numa = 2": what nobody wrote

  int gpus() const { return gpus_per_node * nodes; }
  int domain_gpus() const { return nvlink_domain > 0 ? nvlink_domain : gpus_per_node; }

  // Kinds of nodes: the groups, or the one that all are of.
  int kinds() const { return groups.empty() ? 1 : static_cast<int>(groups.size()); }
  int kind_of_node(int node) const;
  int kind_of(RankId rank) const { return kind_of_node(static_cast<int>(rank.value) / gpus_per_node); }
  int nodes_of(int kind) const { return groups.empty() ? nodes : groups[static_cast<std::size_t>(kind)].nodes; }
  const GpuSpec& gpu_of(int kind) const { return groups.empty() ? gpu : groups[static_cast<std::size_t>(kind)].gpu; }
  const HostSpec& host_of(int kind) const {
    return groups.empty() ? host : groups[static_cast<std::size_t>(kind)].host;
  }
  // This cluster as if all of its nodes were of one kind.
  ClusterSpec all_of(int kind) const;
  Bytes least_memory() const;  // of any GPU
  // "a100-sxm-80gb + h100-sxm-80gb": every name once.
  std::string gpu_names() const;
  bool operator==(const ClusterSpec&) const = default;
};

}  // namespace orrery::topology

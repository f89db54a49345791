#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "models/collectives/algorithm.h"
#include "sim/base/read/search_path.h"
#include "sim/base/result.h"
#include "topology/hardware.h"

namespace orrery::models {

using ByProtocol = std::array<double, kProtocols>;

inline double of(const ByProtocol& values, Protocol protocol) {
  return values[static_cast<std::size_t>(protocol)];
}

// GPU generations as NCCL's tables know them.
enum class Generation : std::uint8_t { volta, ampere, hopper, blackwell };
inline constexpr int kGenerations = 4;
Generation generation_of(const topology::GpuSpec& gpu);
std::string_view to_string(Generation generation);

// What NCCL reckons an algorithm with: microseconds by protocol. Algorithms that
// know Simple alone have it in all places.
struct AlgorithmLatency {
  ByProtocol base{}, nvlink_hop{}, pcie_hop{}, network_hop{};
};

using ByNodes = std::array<double, 3>;  // inside one node, over two, over more

// One version of NCCL's own model of time, by which it chooses and which predicts
// little (docs/collectives.md), for one generation of GPUs. Microseconds and GB/s.
struct NcclModel {
  std::string version;
  std::array<AlgorithmLatency, kAlgorithms> latency;               // by Algorithm
  ByNodes ll_max{};                                                // cap on LL's bus bandwidth
  ByNodes ring_ll128{}, tree_ll128{}, tree_simple{}, nvls_tree{};  // caps of one channel
  double nvls_efficiency = 0;
  ByNodes nvls_ratio{};                    // of NVLS' bus bandwidth, its algorithm's; 0: a ring's, by nvls_efficiency
  ByNodes nvls_tree_nic{};                 // times a NIC's rate, what an NVLS tree's head is reckoned with
  double large_ring_latency = 1;           // factor on Simple rings that cross nodes
  std::array<double, 2> unknown_speeds{};  // between nodes, that its search does not try
  bool pat = false;                        // known to this version
  bool tree_chunk_by_depth = false;        // Simple's chunks in a tree are fewer bytes where it is deep

  const AlgorithmLatency& of(Algorithm algorithm) const { return latency[static_cast<std::size_t>(algorithm)]; }
};

// software/nccl/<version>.yaml. "2.29.3" is read as the newest version known that is
// not newer, an empty version as the newest; older than all is an error.
Result<NcclModel> read_nccl_model(const SearchPath& path, const std::string& version, Generation generation,
                                  bool amd_host, const Where& asked_at);

// Whether "2.23.4" comes before "2.27". An empty version is the newest; what is no version is not older.
bool is_older(const std::string& version, const std::string& than);

// Correction of a tree all-reduce's bandwidth at this message size (tuning.cc; the
// same in all these versions).
double tree_correction(Protocol protocol, double bytes);

}  // namespace orrery::models

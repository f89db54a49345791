#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace orrery::models {

// How a collective can be done. Names as NCCL_ALGO has them, in lower case.
enum class Algorithm : std::uint8_t {
  none,  // nothing to do
  ring,
  tree,            // double binary tree over nodes, a chain inside each
  nvls,            // reduced in the NVLink switches
  nvls_tree,       // NVLS inside, the double tree between nodes
  collnet_direct,  // reduced in the network's switches (SHARP)
  collnet_chain,
  pat,       // parallel aggregated trees: one rank a node
  pairwise,  // all-to-all, through the destination's rail between nodes (PXN)
  fan,       // gather and scatter: one message from (to) each rank
  send,
  copy,
  // Not NCCL's; written out in steps (steps/algorithms.h).
  two_level,
  recursive_doubling,
  halving_doubling,
  bruck,
  binomial,
  torus_rings,
  one_shot,
  two_shot,
  written,  // by a person, in a file
};
inline constexpr int kAlgorithms = 21;
std::string_view to_string(Algorithm algorithm);
std::optional<Algorithm> algorithm_from(std::string_view name);  // any case, with or without '-' and '_'
std::vector<std::string> algorithm_names();                      // those that a collective can be told to use

// NCCL's protocols: flags with every 4 bytes, with every 120, after the data.
enum class Protocol : std::uint8_t { ll, ll128, simple };
inline constexpr int kProtocols = 3;
std::string_view to_string(Protocol protocol);
std::optional<Protocol> protocol_from(std::string_view name);

struct Choice {
  Algorithm algorithm = Algorithm::ring;
  Protocol protocol = Protocol::simple;
  bool operator==(const Choice&) const = default;
};

// What a plan does, for reports. Packed, it is TransferPlan::algorithm.
struct Method {
  Algorithm algorithm = Algorithm::none;
  Protocol protocol = Protocol::simple;
  int channels = 0;

  std::uint32_t pack() const;
  static Method unpack(std::uint32_t packed);
};

// SMs that a running kernel holds: one a channel, none where the copy engine works.
std::uint8_t claim_of(const Method& method);

}  // namespace orrery::models

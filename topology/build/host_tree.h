#pragma once

#include <cstdint>
#include <vector>

#include "topology/part.h"

namespace orrery::topology {

// A node's NICs as its GPUs use them: one that several GPUs share, or the several
// that one GPU has.
struct NicPort {
  int nics = 1;
  int first_nic = 0;
};

// The inside of every node: GPUs and NICs on PCIe switches, switches on the root
// complexes of NUMA domains, and those joined by the sockets' links. All nodes are
// laid out alike; rates are each node's own. Links lie in blocks: pcie of each GPU | uplink of each switch | each
// domain's way to the others | what each root port lets pass to GPUs of other ports | and to those of other domains.
// Blocks that no path needs are left out.
class HostTree : public Part {
 public:
  // `gpu_links`: GPUs leave by PCIe at all. `all_paths`: any two GPUs may meet here.
  HostTree(const ClusterSpec& cluster, bool gpu_links, bool all_paths);

  std::uint32_t ports() const { return static_cast<std::uint32_t>(ports_.size()); }
  const NicPort& port(std::uint32_t port) const { return ports_[port]; }
  std::uint32_t port_in_node(std::uint32_t local_gpu) const { return port_of_[local_gpu]; }
  std::uint32_t gpu_of_port(std::uint32_t port) const { return gpu_of_[port]; }  // the first, in its node

  void to_port(std::uint32_t gpu, std::vector<LinkId>& links) const;    // up to the GPU's own NIC
  void from_port(std::uint32_t gpu, std::vector<LinkId>& links) const;  // and down from it
  void between(std::uint32_t from, std::uint32_t to, std::vector<LinkId>& links) const;
  void memory(std::uint32_t gpu, bool to_host, std::vector<LinkId>& links) const;

  // The switch (or root complex) that a port hangs on.
  Vertex attachment(std::uint32_t node, std::uint32_t port) const;

  std::string name(std::uint32_t pair) const override;
  std::pair<std::string_view, std::string_view> directions(std::uint32_t pair) const override;
  std::pair<Vertex, Vertex> ends(std::uint32_t pair) const override;
  std::uint32_t switches() const override { return nodes_ * (per_node() + 1); }
  std::string switch_name(std::uint32_t index) const override;
  int tier(std::uint32_t) const override { return 0; }

 protected:
  void add_pairs(Links& links) const override;

 private:
  // Places in a node: PCIe switches first, then NUMA domains, then what joins them.
  std::uint32_t per_node() const { return pcie_switches_ + numa_; }
  std::uint32_t place_of(std::uint32_t index, std::uint32_t count) const;
  std::uint32_t numa_of(std::uint32_t place) const;
  void climb(std::uint32_t node, std::uint32_t from, std::uint32_t to, std::vector<LinkId>& links) const;
  bool meets_elsewhere() const;
  std::uint32_t root_ports() const { return pcie_switches_ > 0 ? pcie_switches_ : gpus_per_node_; }
  std::uint32_t root_port_of(std::uint32_t gpu) const;
  void add_peer_links(Links& links, const std::vector<BytesPerSecond>& rates) const;
  void pass_peers(std::uint32_t from, std::uint32_t to, std::vector<LinkId>& links) const;

  std::uint32_t nodes_, gpus_per_node_, pcie_switches_, numa_;
  // Of every node. Peers': empty where no node has such a limit.
  std::vector<BytesPerSecond> gpu_rates_, socket_rates_, peer_rates_, peer_socket_rates_;
  bool gpu_links_, joined_by_pcie_, switch_links_ = false, numa_links_ = false;
  std::vector<NicPort> ports_;
  std::vector<std::uint32_t> port_of_, gpu_of_;        // of a node's GPUs; of its ports
  std::vector<std::uint32_t> gpu_place_, port_place_;  // where they hang
  std::uint32_t switch_base_ = 0, numa_base_ = 0, peer_base_ = 0, peer_socket_base_ = 0;  // first pairs
};

}  // namespace orrery::topology

#pragma once

#include "topology/build/host_tree.h"

namespace orrery::topology {

// A network between the ports of nodes: NIC links first, one pair a port, then
// what a kind of fabric has above them. Endpoints are ports, numbered node by node.
class Network : public Interconnect {
 public:
  Network(const ClusterSpec& cluster, const HostTree& host);

  void route(std::uint32_t from, std::uint32_t to, std::uint32_t path, std::vector<LinkId>& links) const final;
  std::string name(std::uint32_t pair) const final;
  std::pair<std::string_view, std::string_view> directions(std::uint32_t pair) const final;
  std::pair<Vertex, Vertex> ends(std::uint32_t pair) const final;

 protected:
  // Above the NICs, numbered from 0: pairs.
  virtual void add_switch_pairs(Links&) const {}
  virtual std::string switch_pair_name(std::uint32_t) const { return {}; }
  virtual std::pair<Vertex, Vertex> switch_ends(std::uint32_t) const { return {}; }
  virtual std::uint32_t switch_of(std::uint32_t port) const = 0;  // that a port hangs on
  virtual void climb(std::uint32_t from, std::uint32_t to, std::uint32_t path, std::vector<LinkId>& links) const = 0;

  void add_pairs(Links& links) const final;
  std::uint32_t nodes() const { return nodes_; }
  std::uint32_t ports() const { return ports_; }           // of a node
  std::uint32_t nics() const { return nodes_ * ports(); }  // pairs of NICs
  std::uint32_t node_of(std::uint32_t port) const { return port / ports(); }
  std::uint32_t nics_of_node() const { return nics_of_node_; }

 private:
  std::uint32_t nodes_, ports_, nics_of_node_ = 0;
  std::vector<std::vector<BytesPerSecond>> rates_;  // of every node's ports
};

}  // namespace orrery::topology

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/amount.h"
#include "sim/base/duration.h"
#include "sim/base/result.h"

namespace orrery::topology {

// A network as somebody listed it, link by link: a YAML fabric, `ibnetdiscover`.
// What is inside its nodes stands elsewhere; here a node is a row of NICs.

// One end of a link: a switch, or a NIC of a node.
struct ListedEnd {
  bool is_switch = false;
  std::uint32_t index = 0;  // of the switch or of the node
  std::uint32_t nic = 0;    // in its node

  bool operator==(const ListedEnd&) const = default;
};

// A cable, or several between the same two ends; both directions alike.
struct ListedLink {
  ListedEnd a, b;
  BytesPerSecond rate;              // of one wire, rated; zero: the fabric's `link`
  std::optional<Duration> latency;  // in place of the network's usual
  int wires = 1;
  Where where;
};

struct ListedFabric {
  std::vector<std::string> nodes, switches;
  int nics = 0;  // of every node
  std::vector<ListedLink> links;

  std::string name(const ListedEnd& end) const;  // "leaf3", "node1/nic2"
};

// The same network, wherever it was written.
bool operator==(const ListedFabric& a, const ListedFabric& b);

// Every NIC on exactly one link, no link from an end to itself, and a path between
// any two NICs; else which of them lack it.
Errors check_listed(const ListedFabric& fabric, const Where& file);

}  // namespace orrery::topology

#pragma once

#include <string>
#include <vector>

#include "sim/base/fields.h"
#include "sim/base/search_path.h"
#include "topology/hardware.h"

namespace orrery::topology {

// What links carry, by generation: scenarios/hardware/links.yaml.
struct NvlinkFacts {
  std::string name;
  BytesPerSecond bandwidth, usable;
  bool in_network_reduction = false;
};
struct PcieFacts {
  std::string name;
  BytesPerSecond usable;
  BytesPerSecond memory, disk;  // of a two-socket host of that time
};
struct NetworkFacts {
  std::string name;
  double efficiency = 0;
  Duration latency, switch_latency;
};

struct LinkFacts {
  std::vector<NvlinkFacts> scale_up;
  std::vector<PcieFacts> pcie, sockets;
  std::vector<NetworkFacts> network;
};

Result<LinkFacts> read_links(const SearchPath& path);

// The row that `key` of `fields` names; null when absent or, with an error and a
// suggestion, unknown.
template <class Row>
const Row* named(Fields& fields, std::string_view key, const std::vector<Row>& rows);

extern template const NvlinkFacts* named(Fields&, std::string_view, const std::vector<NvlinkFacts>&);
extern template const PcieFacts* named(Fields&, std::string_view, const std::vector<PcieFacts>&);
extern template const NetworkFacts* named(Fields&, std::string_view, const std::vector<NetworkFacts>&);

}  // namespace orrery::topology

#pragma once

#include <map>
#include <string>
#include <vector>

#include "sim/base/read/fields.h"
#include "sim/base/read/search_path.h"
#include "topology/hardware.h"

namespace orrery::topology {

// What links carry, by generation: scenarios/hardware/links.yaml.
struct NvlinkFacts {
  std::string name;
  BytesPerSecond bandwidth, usable;
  bool in_network_reduction = false;
  int links = 0;               // of one GPU
  int compute_capability = 0;  // of the first GPUs that have it
};
struct PcieFacts {
  std::string name;
  BytesPerSecond usable;
  BytesPerSecond memory, disk;  // of a two-socket host of that time
  double gigatransfers = 0;     // a second and lane
};
struct NetworkFacts {
  std::string name;
  double efficiency = 0;
  Duration latency, switch_latency;
  bool sharp = false;  // its switches can reduce
};

struct LinkFacts {
  std::vector<NvlinkFacts> scale_up;
  std::vector<PcieFacts> pcie, sockets;
  std::vector<NetworkFacts> network;
};

Result<LinkFacts> read_links(const SearchPath& path);

// The preset of a GPU by its PCI device id ("0x2330"): scenarios/hardware/pci_devices.yaml.
using PciDevices = std::map<std::string, std::string>;
Result<PciDevices> read_pci_devices(const SearchPath& path);

// The row that `key` of `fields` names; null when absent or, with an error and a
// suggestion, unknown.
template <class Row>
const Row* named(Fields& fields, std::string_view key, const std::vector<Row>& rows);

extern template const NvlinkFacts* named(Fields&, std::string_view, const std::vector<NvlinkFacts>&);
extern template const PcieFacts* named(Fields&, std::string_view, const std::vector<PcieFacts>&);
extern template const NetworkFacts* named(Fields&, std::string_view, const std::vector<NetworkFacts>&);

}  // namespace orrery::topology

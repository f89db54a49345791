#pragma once

#include <string>

#include "sim/base/read/document.h"
#include "topology/listed.h"

namespace orrery::topology {

// A fabric of our own design, as people write it (docs/topology.md, "A fabric in YAML").
struct FabricYaml {
  ListedFabric network;
  Node cluster;  // what it says besides links, as keys of `cluster`: fabric.link, fabric.network, …
};

// All faults at once; `document` is the whole file.
Result<FabricYaml> read_fabric_yaml(const Node& document);

}  // namespace orrery::topology

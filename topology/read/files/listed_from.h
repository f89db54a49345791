#pragma once

#include "topology/listed.h"
#include "topology/read/files/ibnetdiscover.h"

namespace orrery::topology {

// The network of `ibnetdiscover`: a node for each host, in the order in which hosts
// are first listed, with a NIC for each of its ports that is cabled. Cables between
// the same two switches are one link of several wires. Errors: hosts with different
// numbers of NICs, hosts that no path joins.
Result<ListedFabric> listed_from(const IbFabric& fabric, const std::string& file);

}  // namespace orrery::topology

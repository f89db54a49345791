#pragma once

#include <string>
#include <vector>

#include "sim/workload.h"
#include "topology/fabric.h"

namespace orrery::models {

// A fabric's links, in its order, and what kinds there are, as a workload has them.
struct Links {
  SharedIdVector<LinkId, sim::Link> links;
  std::vector<std::string> kinds;
};

Links links_of(const topology::Fabric& fabric);
void add_links(const Links& all, sim::Workload& workload);

}  // namespace orrery::models

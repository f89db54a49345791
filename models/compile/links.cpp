#include "models/compile/links.h"

namespace orrery::models {

void add_links(const topology::Fabric& fabric, sim::Workload& workload) {
  for (int kind = 0; kind < topology::kLinkKinds; ++kind)
    workload.link_kinds.emplace_back(to_string(static_cast<topology::LinkKind>(kind)));
  workload.links.reserve(fabric.links().size());
  for (const topology::FabricLink& link : fabric.links())
    workload.links.add({link.capacity, static_cast<std::uint8_t>(link.kind)});
}

}  // namespace orrery::models

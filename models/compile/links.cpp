#include "models/compile/links.h"

namespace orrery::models {

Links links_of(const topology::Fabric& fabric) {
  Links all;
  all.links.edit().reserve(fabric.links().size());
  for (const topology::FabricLink& link : fabric.links())
    all.links.add({link.capacity, static_cast<std::uint8_t>(link.kind)});
  for (int kind = 0; kind < topology::kLinkKinds; ++kind)
    all.kinds.emplace_back(to_string(static_cast<topology::LinkKind>(kind)));
  return all;
}

void add_links(const Links& all, sim::Workload& workload) {
  workload.link_kinds = all.kinds;
  workload.links = all.links;
}

}  // namespace orrery::models

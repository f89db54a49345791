#include "topology/read/parts/parts.h"

namespace orrery::topology {

// `faults: [{link: leaf3-spine1, capacity: 0.5}]`: a share of what the link
// carries, or a rate; 0 has failed.
void read_faults(Fields& cluster, Errors& errors, ClusterSpec& spec) {
  const Node* list = cluster.node("faults");
  if (!list) return;
  if (!list->is_list()) return cluster.fail("faults", "'cluster.faults' must be a list: [{link: …, capacity: …}]");
  if (spec.ideal && !list->items.empty()) cluster.fail("faults", "'cluster.faults' beside free links");
  for (const Node& item : list->items) {
    Fields f(item, "cluster.faults", errors);
    f.require({"link", "capacity"});
    LinkFault fault;
    fault.where = item.where;
    if (const auto link = f.text("link")) fault.link = *link, fault.where = f.at("link");
    const Node* capacity = f.node("capacity");
    if (capacity && capacity->is_scalar() && parse_number(capacity->text, capacity->where))
      fault.share = f.number("capacity", 0, 1).value_or(1);
    else if (const auto rate = f.bandwidth("capacity"))
      fault.rate = *rate, fault.share = 0;
    f.finish();
    spec.faults.push_back(std::move(fault));
  }
}

}  // namespace orrery::topology

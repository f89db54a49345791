#include "models/collectives/table.h"

#include "sim/network/flow_net.h"

namespace orrery::models {
namespace {

using sim::TransferKind;
using sim::TransferPlan;

// The link that would take longest for its bytes; the first of equals.
std::string busiest_link(const topology::Fabric& fabric, const TransferPlan& plan) {
  double longest = 0;
  LinkId busiest;
  for (const sim::Phase& phase : plan.phases)
    for (const sim::LinkUse& use : phase.uses ? *phase.uses : sim::LinkUses()) {
      const double time = static_cast<double>(phase.bytes.n) * use.connections /
                          static_cast<double>(fabric.links()[use.link].capacity.n);
      if (time > longest) longest = time, busiest = use.link;
    }
  return longest > 0 ? fabric.link_name(busiest) : "";
}

sim::FlowNet network_of(const topology::Fabric& fabric) {
  IdVector<LinkId, sim::Link> links;
  links.reserve(fabric.links().size());
  for (const topology::FabricLink& link : fabric.links())
    links.add({link.capacity, static_cast<std::uint8_t>(link.kind)});
  return sim::FlowNet(links);
}

}  // namespace

double bus_factor(TransferKind kind, int ranks) {
  const double others = ranks > 0 ? (ranks - 1.0) / ranks : 0;
  switch (kind) {
    case TransferKind::all_reduce:
      return 2 * others;
    case TransferKind::all_gather:
    case TransferKind::reduce_scatter:
    case TransferKind::all_to_all:
    case TransferKind::gather:
    case TransferKind::scatter:
      return others;
    case TransferKind::broadcast:
    case TransferKind::reduce:
    case TransferKind::ring_shift:
    case TransferKind::point_to_point:
    case TransferKind::copy:
    case TransferKind::copy_in:
      return 1;
  }
  return 1;
}

std::vector<CollectiveRow> collective_table(const topology::Fabric& fabric, const sim::TransferPlanner& planner,
                                            TransferKind kind, std::span<const RankId> ranks,
                                            std::span<const Bytes> sizes, const sim::TransferPlanner* on_links) {
  const sim::FlowNet network = network_of(fabric);
  std::vector<CollectiveRow> rows;
  rows.reserve(sizes.size());
  for (const Bytes bytes : sizes) {
    const TransferPlan& plan = planner.plan({kind, ranks, bytes});
    CollectiveRow row;
    row.bytes = bytes;
    row.time = network.time_alone(plan);
    row.method = Method::unpack(plan.algorithm);
    if (const double seconds = row.time.seconds(); seconds > 0) {
      row.algbw = static_cast<double>(bytes.n) / seconds / 1e9;
      row.busbw = row.algbw * bus_factor(kind, static_cast<int>(ranks.size()));
    }
    row.busiest_link = busiest_link(fabric, on_links ? on_links->plan({kind, ranks, bytes}) : plan);
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace orrery::models

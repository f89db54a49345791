#pragma once

#include "models/collectives/links/link_uses.h"
#include "sim/program.h"

namespace orrery::models {

// The time of `bytes` on each connection over what GPUs without NVLink share in a node, at this share of its rate.
inline double on_ports(const Footprint& links, double bytes, double share) {
  return bytes / (links.port_rate * share);
}

// `bytes` of each channel at the most that its block of threads moves, in seconds; where bytes are summed, that is
// less. No bound between nodes, nor where none was seen.
inline double in_channels(sim::TransferKind kind, const Communicator& c, Protocol protocol, double bytes) {
  constexpr double kGiga = 1e9;
  const KernelTimes& times = c.site.facts->times;
  const bool sums_bytes = c.int8 && kind != sim::TransferKind::all_gather && protocol == Protocol::simple;
  const double share = sums_bytes ? times.int8_channel : times.ring[static_cast<std::size_t>(protocol)].channel;
  return share > 0 && c.nodes() == 1 ? bytes / (share * c.site.nvlink_budget * kGiga) : 0;
}

}  // namespace orrery::models

#pragma once

#include <algorithm>
#include <cmath>

#include "models/collectives/links/communicator.h"
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

// How many of the ring's ranks have a part of so few bytes to send on: 0 where one part goes round alone, 1 where
// each has its own. All of them have one of their own where nothing is reduced.
inline double occupied(sim::TransferKind kind, double bytes, int ranks) {
  constexpr double kLeastPart = 16;  // NCCL cuts a ring's buffer into parts of at least this much (device/all_reduce.h)
  if (kind != sim::TransferKind::all_reduce || ranks < 2) return 1;
  return (std::clamp(std::ceil(bytes / kLeastPart), 1.0, static_cast<double>(ranks)) - 1) / (ranks - 1);
}

}  // namespace orrery::models

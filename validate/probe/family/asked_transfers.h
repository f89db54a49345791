#pragma once

#include <compare>
#include <cstddef>
#include <vector>

#include "sim/workload.h"

namespace orrery::validate {

// A transfer that programs make: among so many ranks.
struct AskedTransfer {
  sim::TransferKind kind = sim::TransferKind::all_reduce;
  std::size_t ranks = 0;
  Bytes bytes;
  auto operator<=>(const AskedTransfer&) const = default;
};

// Collectives and sends of a workload, each once, in order of kind, ranks and bytes.
std::vector<AskedTransfer> asked_transfers(const sim::Workload& workload);

}  // namespace orrery::validate

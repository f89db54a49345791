#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "topology/fabric.h"

namespace orrery::topology {

// Rings through all of `members`, as positions in it, that go over direct NVLinks
// only and share none, each also the other way round: what NCCL's search finds in
// a machine without NVSwitch. Where every order is as good (a switch) or no such
// ring exists, the one order as given.
std::vector<std::vector<std::uint32_t>> disjoint_rings(const Fabric& fabric, std::span<const RankId> members);

}  // namespace orrery::topology

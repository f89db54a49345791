#pragma once

#include "models/collectives/links/communicator.h"
#include "models/collectives/links/link_counter.h"

namespace orrery::models {

// How many of the channels [first, last) have their turn at member `m` of `n`.
std::uint32_t turns(int first, int last, int m, int n);

// One connection for every pair of ranks, between domains by the NIC on the destination's rail.
void add_exchange(LinkCounter& links, const Communicator& comm);

}  // namespace orrery::models

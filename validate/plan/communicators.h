#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sim/workload.h"

namespace orrery::validate {

// Communicators that a workload needs, as a list of splits of the communicator of all
// ranks: in each, every rank is in at most one part. All ranks make all splits in this
// order, which is what ncclCommSplit asks for.
//
// Collectives of a group on one stream have a communicator of their own, as the
// simulator has them meet; so have the messages from one rank to another within a tag,
// in that direction alone: on a common one, ops that do not depend on each other would
// be put in one order.
struct CommunicatorKey {
  std::vector<RankId> members;  // in order; {from, to} for messages
  bool is_pair = false;
  std::uint16_t lane = 0;  // of a group the stream, of a pair the tag
  auto operator<=>(const CommunicatorKey&) const = default;
};

struct Split {
  std::vector<CommunicatorKey> parts;  // disjoint
};

// Groups of one rank need none.
std::vector<Split> plan_communicators(const sim::Workload& workload);

// The part of `split` that `rank` is in, and its place there; part -1: none.
struct PartOf {
  int part = -1, place = 0;
};
PartOf part_of(const Split& split, RankId rank);

}  // namespace orrery::validate

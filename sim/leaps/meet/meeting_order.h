#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "sim/leaps/legs/tracks.h"

namespace orrery::sim {

// Who meets whom over the transfers of a step, in an order in which all have come to theirs by then. The same in every
// step; hangs on no size and no time.
struct MeetingOrder {
  // Meetings for which a planner gives one answer.
  struct Route {
    TransferKind kind = TransferKind::copy;
    std::vector<RankId> ranks;  // in the planner's order
    ProgramId program;          // whose transfer says how much
    std::uint32_t transfer = 0;
    std::int64_t times = 0;  // in a step
  };
  struct Encounter {
    std::uint32_t route = 0;
    std::uint32_t first = 0, size = 0;  // of `present`
  };

  std::vector<Route> routes;
  std::vector<Encounter> encounters;
  std::vector<RankId> present;
  std::vector<char> in_turn;  // by route and route; empty if there are too many

  std::span<const RankId> ranks_at(const Encounter& encounter) const {
    return std::span(present).subspan(encounter.first, encounter.size);
  }
  // Whether meetings of the two routes (or of one) come one after the other whatever they take, because somebody is in
  // all of them; false if nobody has looked.
  bool are_in_turn(std::uint32_t a, std::uint32_t b) const {
    return !in_turn.empty() && in_turn[a * routes.size() + b];
  }
};

// None if not all can go on to the end of a step by meeting others of the same step.
std::shared_ptr<const MeetingOrder> meeting_order(const Workload& workload, const Tracks& tracks);

}  // namespace orrery::sim

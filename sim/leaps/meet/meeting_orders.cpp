#include "sim/leaps/meet/meeting_orders.h"

#include <algorithm>
#include <utility>

namespace orrery::sim {
namespace {

constexpr std::size_t kMostKnown = 4;  // layouts that come up in turn

}  // namespace

// Programs that part into the same legs have the same form: LegMemory gives each form its own.
std::shared_ptr<const MeetingOrder> MeetingOrders::of(const Workload& workload, const Tracks& tracks) {
  IdVector<ProgramId, ProgramLegs> programs;
  for (std::uint32_t p = 0; p < workload.programs.size(); ++p) programs.add(tracks[{p}].legs);
  const auto known = std::ranges::find_if(
      known_, [&](const Known& of) { return std::ranges::equal(of.programs, programs) && of.ranks.are_of(workload); });
  if (known != known_.end()) {
    known_.splice(known_.end(), known_, known);
    return known->order;
  }
  if (known_.size() == kMostKnown) known_.pop_front();
  known_.push_back({std::move(programs), RankTables(workload), meeting_order(workload, tracks)});
  return known_.back().order;
}

}  // namespace orrery::sim

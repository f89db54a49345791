// Chimera (Li and Hoefler, arXiv:2107.06925): two 1F1B pipelines in opposite
// directions, p/2 micro-batches each, woven into each other. Every rank holds two
// replicas of a stage.
//
// With a slot for each pass, micro-batch k of a direction is at its stage s in slot
// s + 2k going forward and 2p-1-s + 2k going back. The other direction stands at
// stage p-1-s there; its slots are of the other parity where they could meet, so
// the two never do. More than p micro-batches are units of p one after another
// (the paper's direct concatenation): a unit is 2p slots behind the one before,
// which fills the holes at its end.
#include <string>

#include "models/schedules/rules.h"

namespace orrery::models {
namespace {

struct Slotted {
  int slot;
  Action action;
};

Order order(const ScheduleRequest& request, int rank) {
  const int p = request.ranks, half = p / 2;
  std::vector<Slotted> slots;
  slots.reserve(2 * static_cast<std::size_t>(request.micro_batches));
  for (int mb = 0; mb < request.micro_batches; ++mb) {
    const int unit = mb / p, k = mb % half, stage = mb / half % 2 == 0 ? rank : p - 1 - rank;
    const int start = 2 * p * unit + 2 * k;
    slots.push_back({start + stage, forward(stage, mb)});
    slots.push_back({start + 2 * p - 1 - stage, backward(stage, mb)});
  }
  std::sort(slots.begin(), slots.end(), [](const Slotted& a, const Slotted& b) { return a.slot < b.slot; });
  Order order;
  order.reserve(slots.size());
  for (const Slotted& s : slots) order.push_back(s.action);
  return order;
}

Errors check(const ScheduleRequest& request) {
  Errors errors;
  if (request.ranks % 2 != 0)
    refuse(errors, "chimera needs an even pp, but it is " + std::to_string(request.ranks));
  else if (request.micro_batches % request.ranks != 0)
    refuse(errors, "chimera runs units of pp = " + std::to_string(request.ranks) + " micro-batches, and " +
                       std::to_string(request.micro_batches) + " is no multiple of that");
  return errors;
}

}  // namespace

const ScheduleRule kChimera{.name = "chimera",
                            .placement = Placement::bidirectional,
                            .traits = {.chunks = 1, .replicas = 2},
                            .check = check,
                            .orders = by_rank<order>,
                            .turn = [](const ScheduleRequest& request) { return request.ranks / 2; }};

}  // namespace orrery::models

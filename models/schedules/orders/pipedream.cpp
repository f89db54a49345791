// PipeDream (Narayanan et al., SOSP 2019, arXiv:1806.03377): 1F1B over a stream
// of mini-batches that never ends. Each is an update of its own; a stage keeps the
// weights that the forwards in flight have seen (stashing), p - r versions on rank
// r, so that their backwards see the same. There is no flush and, once it runs, no
// bubble.
//
// PipeDream-2BW (arXiv:2006.09503) accumulates a step's micro-batches into one
// update and keeps two versions: step t computes with what step t-2 left behind.
//
// What is drawn is a stretch of the stream as long as a step: its beginning and
// its end are those of 1F1B.
#include <string>

#include "models/schedules/rules.h"

namespace orrery::models {
namespace {

Order order(const ScheduleRequest& request, int rank) {
  return one_forward_one_backward(
      request.ranks - 1 - rank, request.micro_batches, [=](int k) { return forward(rank, k); },
      [=](int k) { return backward(rank, k); });
}

Errors check_2bw(const ScheduleRequest& request) {
  Errors errors;
  if (request.micro_batches < request.ranks)
    refuse(errors,
           "pipedream-2bw keeps two versions of the weights, which is enough only if a step has at least pp = " +
               std::to_string(request.ranks) + " micro-batches, but it has " + std::to_string(request.micro_batches));
  return errors;
}

Action backward_in_turn(const ScheduleRequest& request, int rank, int turn) {
  const int m = request.micro_batches, entered = turn - (request.ranks - 1 - rank);  // 0 and up: in this step
  Action action = backward(rank, ((entered % m) + m) % m);
  action.steps_ago = (action.micro_batch - entered) / m;
  return action;
}

Order stretch(const ScheduleRequest& request, int rank) {
  Order order;
  for (int turn = 0; turn < request.micro_batches; ++turn) {
    order.push_back(forward(rank, turn));
    order.push_back(backward_in_turn(request, rank, turn));
  }
  return order;
}

}  // namespace

int carried_over(const Schedule& schedule, int rank) {
  return flushes(schedule) ? 0 : schedule.request.ranks - 1 - rank;
}

int weight_versions(const Schedule& schedule, int rank) {
  const int versions = schedule.traits.versions;
  return versions > 0 ? versions : schedule.request.ranks - rank;
}

Schedule repeating_stretch(const Schedule& schedule) {
  return {schedule.request, schedule.placement, by_rank<stretch>(schedule.request), 0, schedule.traits};
}

const ScheduleRule kPipeDream{
    .name = "pipedream", .traits = {.chunks = 1, .versions = 0, .flushes = false}, .orders = by_rank<order>};

const ScheduleRule kPipeDream2bw{.name = "pipedream-2bw",
                                 .traits = {.chunks = 1, .versions = 2, .flushes = false},
                                 .check = check_2bw,
                                 .orders = by_rank<order>};

}  // namespace orrery::models

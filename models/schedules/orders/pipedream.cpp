// PipeDream (Narayanan et al., SOSP 2019, arXiv:1806.03377): 1F1B over a stream
// of mini-batches that never ends. Each is an update of its own; a stage keeps the
// weights that the forwards in flight have seen (stashing), p - r versions on rank
// r, so that their backwards see the same. There is no flush and, once it runs, no
// bubble.
//
// PipeDream-2BW (arXiv:2006.09503) accumulates a step's micro-batches into one
// update and keeps two versions: step t computes with what step t-2 left behind.
//
// A stage may have replicas, among which mini-batches go round (1F1B-RR, section 3.2): replica q of R has q, q + R, ...
// It admits as many as keep the ranks from it on busy: ceil of their number over R.
//
// What is drawn is a stretch of the stream as long as a step: its beginning and
// its end are those of 1F1B.
#include <numeric>
#include <string>

#include "models/schedules/rules.h"

namespace orrery::models {
namespace {

// One replica of a stage: the micro-batches that it has are `every` apart.
struct Replica {
  int stage = 0, number = 0, every = 1;
  int micro_batch(int turn) const { return number + turn * every; }
};

// Forwards of a stage's rank before its first backward.
int admitted_ahead(const ScheduleRequest& request, int stage) {
  if (request.replicas.empty()) return request.ranks - 1 - stage;
  const auto here = request.replicas.begin() + stage;
  return (std::accumulate(here, request.replicas.end(), 0) - 1) / *here;
}

Order order(const ScheduleRequest& request, const Replica& replica) {
  return one_forward_one_backward(
      admitted_ahead(request, replica.stage), request.micro_batches / replica.every,
      [=](int k) { return forward(replica.stage, replica.micro_batch(k)); },
      [=](int k) { return backward(replica.stage, replica.micro_batch(k)); });
}

// Every replica of every stage.
template <Order (*order)(const ScheduleRequest&, const Replica&)>
Orders by_replica(const ScheduleRequest& request) {
  Orders orders;
  for (int stage = 0; stage < request.ranks; ++stage) {
    const int replicas = request.replicas.empty() ? 1 : request.replicas[static_cast<std::size_t>(stage)];
    for (int q = 0; q < replicas; ++q) orders.push_back(order(request, {stage, q, replicas}));
  }
  return orders;
}

Errors check(const ScheduleRequest& request) {
  Errors errors;
  if (request.replicas.empty()) return errors;
  const bool all = static_cast<int>(request.replicas.size()) == request.ranks;
  bool even = all;
  for (const int replicas : request.replicas) even = even && replicas > 0 && request.micro_batches % replicas == 0;
  if (!even)
    refuse(errors, "every one of pp = " + std::to_string(request.ranks) +
                       " stages needs a number of replicas that divides the " + std::to_string(request.micro_batches) +
                       " micro-batches");
  return errors;
}

Errors check_2bw(const ScheduleRequest& request) {
  Errors errors;
  if (request.micro_batches < request.ranks)
    refuse(errors,
           "pipedream-2bw keeps two versions of the weights, which is enough only if a step has at least pp = " +
               std::to_string(request.ranks) + " micro-batches, but it has " + std::to_string(request.micro_batches));
  return errors;
}

Action backward_in_turn(const ScheduleRequest& request, const Replica& replica, int turn) {
  const int m = request.micro_batches / replica.every;
  const int entered = turn - admitted_ahead(request, replica.stage);  // 0 and up: in this step
  const int place = ((entered % m) + m) % m;
  Action action = backward(replica.stage, replica.micro_batch(place));
  action.steps_ago = (place - entered) / m;
  return action;
}

Order stretch(const ScheduleRequest& request, const Replica& replica) {
  Order order;
  for (int turn = 0; turn < request.micro_batches / replica.every; ++turn) {
    order.push_back(forward(replica.stage, replica.micro_batch(turn)));
    order.push_back(backward_in_turn(request, replica, turn));
  }
  return order;
}

}  // namespace

int carried_over(const Schedule& schedule, int rank) {
  return flushes(schedule) ? 0 : admitted_ahead(schedule.request, rank);
}

int weight_versions(const Schedule& schedule, int rank) {
  const int versions = schedule.traits.versions;
  return versions > 0 ? versions : admitted_ahead(schedule.request, rank) + 1;
}

Schedule repeating_stretch(const Schedule& schedule) {
  return {schedule.request, schedule.placement, by_replica<stretch>(schedule.request), 0, schedule.traits};
}

const ScheduleRule kPipeDream{.name = "pipedream",
                              .traits = {.chunks = 1, .versions = 0, .flushes = false},
                              .check = check,
                              .orders = by_replica<order>};

const ScheduleRule kPipeDream2bw{.name = "pipedream-2bw",
                                 .traits = {.chunks = 1, .versions = 2, .flushes = false},
                                 .check = check_2bw,
                                 .orders = by_replica<order>};

}  // namespace orrery::models

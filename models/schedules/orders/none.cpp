#include "models/schedules/rules.h"

namespace orrery::models {
namespace {

Errors check(const ScheduleRequest& request) {
  Errors errors;
  if (request.ranks != 1)
    refuse(errors,
           "schedule none has no pipeline, but pp = " + std::to_string(request.ranks) + "; did you mean '1f1b'?");
  return errors;
}

// Gradient accumulation: every micro-batch forward and at once backward.
Order order(const ScheduleRequest& request, int rank) {
  return one_forward_one_backward(
      request.pairs ? 1 : 0, request.micro_batches, [=](int k) { return forward(rank, k); },
      [=](int k) { return backward(rank, k); }, request.pairs);
}

}  // namespace

const ScheduleRule kNone{.name = "none",
                         .traits = {.chunks = 1, .may_wait = true, .may_pair = true},
                         .check = check,
                         .orders = by_rank<order>};

}  // namespace orrery::models

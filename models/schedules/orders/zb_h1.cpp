// ZB-H1 (Qi et al., "Zero Bubble Pipeline Parallelism", arXiv:2401.10241): 1F1B
// whose backward passes give their input gradient first; weight gradients follow
// p-1-r actions later than they could, so that every rank holds p micro-batches
// at most, and fill what was the bubble at the end.
//
//   makespan  m (T_F + T_I + T_W) + (p-1)(T_F + T_I - T_W)   for T_W <= T_I
#include "models/schedules/orders/zero_bubble.h"

namespace orrery::models {
namespace {

Order order(const ScheduleRequest& request, int rank) {
  return zero_bubble_order(request.ranks - 1 - rank, rank, request.micro_batches, rank);
}

}  // namespace

const ScheduleRule kZbH1{.name = "zb-h1", .traits = {.chunks = 1, .splits = true}, .orders = by_rank<order>};

}  // namespace orrery::models

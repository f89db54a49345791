// ZB-H2 (arXiv:2401.10241, figure 3): twice the warm-up of ZB-H1, so that no rank
// ever waits once it has begun, if T_F = T_I = T_W. Every rank holds 2p - 1
// micro-batches at most. Ranks end as much after one another as they begin: the
// step ends without a barrier, or the skew is lost.
//
// Rank r delays its weight gradients by 2r rounds: rank p-1 answers the first
// 2p-2 forwards at once, which the ranks before it wait for. The paper draws the
// order and gives no rule; this is the one whose windows have its idle time.
#include "models/schedules/orders/zero_bubble.h"

namespace orrery::models {
namespace {

Order order(const ScheduleRequest& request, int rank) {
  return zero_bubble_order(2 * (request.ranks - 1 - rank), 2 * rank, request.micro_batches, rank);
}

}  // namespace

const ScheduleRule kZbH2{.name = "zb-h2", .traits = {.chunks = 1, .splits = true}, .orders = by_rank<order>};

}  // namespace orrery::models

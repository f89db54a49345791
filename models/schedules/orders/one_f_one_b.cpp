// 1F1B (PipeDream-Flush, arXiv:2006.09503; Megatron-LM's default): as few
// forwards as keep the later stages fed, then one forward, one backward. The
// bubble of GPipe with min(p - r, m) micro-batches in flight instead of m.
#include "models/schedules/rules.h"

namespace orrery::models {
namespace {

Order order(const ScheduleRequest& request, int rank) {
  const int warmup = request.ranks - 1 - rank;
  return one_forward_one_backward(
      warmup, request.micro_batches, [=](int k) { return forward(rank, k); }, [=](int k) { return backward(rank, k); });
}

}  // namespace

const ScheduleRule kOneForwardOneBackward{
    .name = "1f1b", .traits = {.chunks = 1, .may_wait = true}, .orders = by_rank<order>};

}  // namespace orrery::models

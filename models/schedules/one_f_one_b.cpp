// 1F1B (PipeDream-Flush, arXiv:2006.09503; Megatron-LM's default): as few
// forwards as keep the later stages fed, then one forward, one backward. The
// bubble of GPipe with min(p - r, m) micro-batches in flight instead of m.
#include "models/schedules/rules.h"

namespace orrery::models {
namespace {

Errors check(const ScheduleRequest& request) {
  return one_stage_a_rank(request, "interleaved-1f1b");
}

std::vector<Action> order(const ScheduleRequest& request, int rank) {
  const int warmup = request.ranks - 1 - rank;
  return one_forward_one_backward(
      warmup, request.micro_batches, [=](int k) { return forward(rank, k); }, [=](int k) { return backward(rank, k); });
}

}  // namespace

const ScheduleRule kOneForwardOneBackward{"1f1b", Placement::linear, false, check, order};

}  // namespace orrery::models

// GPipe (Huang et al., arXiv:1811.06965): all forwards, then all backwards.
//
// Backwards run in the order of the forwards, as PyTorch's ScheduleGPipe does;
// the paper's figure runs them the other way round, with the same makespan.
#include "models/schedules/rules.h"

namespace orrery::models {
namespace {

Order order(const ScheduleRequest& request, int rank) {
  const int m = request.micro_batches;
  return one_forward_one_backward(
      m, m, [=](int k) { return forward(rank, k); }, [=](int k) { return backward(rank, k); });
}

}  // namespace

const ScheduleRule kGpipe{.name = "gpipe", .traits = {.chunks = 1, .may_wait = true}, .orders = by_rank<order>};

}  // namespace orrery::models

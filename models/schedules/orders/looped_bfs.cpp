// Breadth-first pipeline (Lamy-Poirier, arXiv:2211.05953; PyTorch's
// ScheduleLoopedBFS): all micro-batches through a chunk before the next chunk,
// and back in exactly the opposite order. Everything is in flight at once; in
// exchange the weights of a chunk are needed in one stretch per direction, which
// is what FSDP wants.
#include "models/schedules/rules.h"

namespace orrery::models {
namespace {

Order order(const ScheduleRequest& request, int rank) {
  const int p = request.ranks, m = request.micro_batches, count = m * request.chunks;
  const auto nth_forward = [=](int k) { return forward(k / m * p + rank, k % m); };
  const auto nth_backward = [=](int k) { return backward((count - 1 - k) / m * p + rank, (count - 1 - k) % m); };
  return one_forward_one_backward(count, count, nth_forward, nth_backward);
}

}  // namespace

const ScheduleRule kLoopedBfs{.name = "looped-bfs", .placement = Placement::loop, .orders = by_rank<order>};

}  // namespace orrery::models

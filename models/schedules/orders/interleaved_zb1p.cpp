// Interleaved 1F1B with split backwards (PyTorch's ScheduleInterleavedZeroBubble):
// the table of interleaved 1F1B, the warm-up and the delayed weight gradients of
// ZB-H1, which it is for one chunk.
//
//   makespan  m v (T_F + T_I + T_W) + (p-1)(T_F + T_I - T_W)
//
// Without a group it takes PyTorch's: max(1, m div p) rounds of equal size.
#include <string>

#include "models/schedules/orders/interleaved_table.h"
#include "models/schedules/orders/zero_bubble.h"

namespace orrery::models {
namespace {

int group_size(const ScheduleRequest& request) {
  return request.group > 0 ? request.group : request.micro_batches / interleaved_rounds(request);
}

Order order(const ScheduleRequest& request, int rank) {
  const int p = request.ranks, v = request.chunks, n = group_size(request);
  const InterleavedTable table{n, request.micro_batches, v};
  const auto entry = [=](int k) { return table.at(k); };
  const auto backward_stage = [=](int k) { return (v - 1 - table.at(k).chunk) * p + rank; };
  return zero_bubble_order((v - 1) * n + p - 1 - rank, rank, request.micro_batches * v,
                           [=](int k) { return forward(entry(k).chunk * p + rank, entry(k).micro_batch); },
                           [=](int k) { return input_gradient(backward_stage(k), entry(k).micro_batch); },
                           [=](int k) { return weight_gradient(backward_stage(k), entry(k).micro_batch); });
}

// A group shorter than the pipeline can make rank 0 wait for a forward of its own (see interleaved.cpp).
bool runs(const ScheduleRequest& request) {
  return evaluate_orders(request, Placement::loop, by_rank<order>(request)).makespan != ScheduleTimes::kNeverEnds;
}

Errors check(const ScheduleRequest& request) {
  Errors errors;
  if (request.chunks < 2)
    refuse(errors, "interleaved-zb1p needs virtual_stages of at least 2, but it is " + std::to_string(request.chunks) +
                       "; did you mean 'zb-h1'?");
  if (request.group < 0) refuse(errors, "group = " + std::to_string(request.group) + " is negative");
  if (!errors.empty()) return errors;
  errors = request.group > 0 ? check_group(request, request.group, "") : check_rounds(request);
  if (errors.empty() && group_size(request) < request.ranks && !runs(request))
    refuse(errors, "interleaved-zb1p with groups of " + std::to_string(group_size(request)) + " on " +
                       std::to_string(request.ranks) + " ranks waits for itself: it needs a group of at least pp");
  return errors;
}

}  // namespace

const ScheduleRule kInterleavedZb1p{.name = "interleaved-zb1p",
                                    .placement = Placement::loop,
                                    .traits = {.grouped = true, .splits = true},
                                    .check = check,
                                    .orders = by_rank<order>};

}  // namespace orrery::models

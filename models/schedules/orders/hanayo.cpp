// Hanayo (Liu et al., SC '23, arXiv:2308.15762): W waves over the ranks, 2W chunks
// on each, so that a micro-batch turns at the ends without a transfer. The paper
// draws the order and publishes no program; this one is what the drawings follow:
// a ready backward first, else the oldest ready forward, with no more chunks in
// flight on a rank than the p v of 1F1B. Compared with no other program.
#include <string>

#include "models/schedules/search/greedy.h"

namespace orrery::models {
namespace {

Errors check(const ScheduleRequest& request) {
  Errors errors;
  if (request.chunks % 2 != 0)
    refuse(errors, "hanayo runs whole waves of two chunks a rank, but virtual_stages = " +
                       std::to_string(request.chunks) + " is odd");
  return errors;
}

// By equal costs: the order is Hanayo's, not one made for the case.
Orders orders(const ScheduleRequest& request) {
  ScheduleRequest equal = request;
  equal.costs.clear();
  const std::vector<int> limits(static_cast<std::size_t>(request.ranks), request.ranks * request.chunks);
  return greedy_orders(equal, Placement::wave, {.late_chunk_first = false, .limits = limits});
}

}  // namespace

const ScheduleRule kHanayo{
    .name = "hanayo", .placement = Placement::wave, .traits = {}, .check = check, .orders = orders};

}  // namespace orrery::models

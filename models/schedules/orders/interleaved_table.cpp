#include "models/schedules/orders/interleaved_table.h"

#include <string>

namespace orrery::models {

Errors check_rounds(const ScheduleRequest& request) {
  Errors errors;
  const int rounds = interleaved_rounds(request);
  if (request.group != 0)
    refuse(errors, "rule rounds chooses the group itself, but group = " + std::to_string(request.group));
  if (request.micro_batches % rounds != 0)
    refuse(errors, request.name + " by rule rounds needs the micro-batches to divide into max(1, m / pp) = " +
                       std::to_string(rounds) + " rounds, but m = " + std::to_string(request.micro_batches));
  return errors;
}

Errors check_group(const ScheduleRequest& request, int n, std::string_view origin) {
  const int m = request.micro_batches, p = request.ranks;
  const std::string group =
      "group = " + std::to_string(n) + (request.group > 0 ? "" : " (" + std::string(origin) + ")");
  Errors errors;
  if (n > m) {
    refuse(errors, request.name + ": " + group + " is more than the " + std::to_string(m) +
                       " micro-batches of a step; more micro-batches, or a smaller group");
    return errors;
  }
  const int rest = m % n, least = std::min(p, n);
  if (rest != 0 && rest < least)
    refuse(errors, request.name + ": " + std::to_string(m) + " micro-batches in groups with " + group +
                       " leave a last group of " + std::to_string(rest) +
                       ", and it must be 0 or at least min(pp, group) = " + std::to_string(least));
  return errors;
}

}  // namespace orrery::models

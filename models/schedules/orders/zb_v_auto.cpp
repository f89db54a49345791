// ZB-V by measured costs (arXiv:2401.10241, section 6): the order with the
// shortest of the longest rank windows that list scheduling finds under the
// memory of 1F1B (2p chunks a rank), the fixed order of zb-v among them.
#include "models/schedules/search/greedy.h"

namespace orrery::models {
namespace {

Orders orders(const ScheduleRequest& request) {
  const std::vector<int> limits(static_cast<std::size_t>(request.ranks), 2 * request.ranks);
  return shortest_greedy(request, Placement::wave, limits, kZbV.orders(request));
}

}  // namespace

const ScheduleRule kZbVAuto{.name = "zb-v-auto",
                            .placement = Placement::wave,
                            .traits = {.chunks = 2, .searches = true, .splits = true},
                            .orders = orders};

}  // namespace orrery::models

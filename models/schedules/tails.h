#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "models/schedules/schedule.h"

namespace orrery::models {

// By rank: how long it takes at least from the begin of its first action until every rank has done its last,
// where transfers take no time and whatever stands before is done. None if the order deadlocks.
//
// `cost` of a pass on its stage; in an overlapped slot of what the other pass cannot hide. A pass hands on what it
// made no sooner than it has cost; what follows in a slot's rank waits for both passes. Steps of a
// schedule without a flush may follow each other anyhow, so there only a rank's own work counts.
using PassCost = std::function<std::int64_t(const Action& pass, bool overlapped)>;
std::optional<std::vector<std::int64_t>> rank_tails(const Schedule& schedule, const PassCost& cost);

}  // namespace orrery::models

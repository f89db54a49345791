#pragma once

#include "sim/run_result.h"
#include "validate/compare/span_index.h"

namespace orrery::validate {

// Where the main stream of a rank spent [from, to): see RankObservation::time.
sim::RankTime where_time_went(const SpanIndex& index, RankId rank, Time from, Time to);

}  // namespace orrery::validate

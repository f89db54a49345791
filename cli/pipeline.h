#pragma once

#include "models/run/run_scenario.h"
#include "report/memory_report.h"
#include "report/memory_timeline.h"

namespace orrery::cli {

// A run is the same for every command (and for the window).
using models::compile_placed;
using models::InternalError;
using models::one_rank_a_stage;
using models::prepare;
using models::Prepared;
using models::simulate;
using models::Simulated;
using models::SimulateOptions;
using models::throw_if_stuck;

// What those ranks hold over their last step, in equal slices.
report::MemoryOverTime memory_over_time(const report::MemoryTimeline& timeline, const std::vector<RankId>& ranks,
                                        const sim::RunResult& run, int slices);

}  // namespace orrery::cli

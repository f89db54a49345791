#pragma once

#include "models/run/run_scenario.h"
#include "report/memory/memory_report.h"
#include "report/memory/memory_timeline.h"

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

// Prepares with a word about each part of the work, and about what was taken for granted.
Result<Prepared> prepare_aloud(const std::string& file, const std::vector<models::Override>& overrides,
                               models::Form form = models::Form::written_out);
Result<Prepared> prepare_aloud(models::Scenario scenario, models::Form form = models::Form::written_out);
Simulated simulate_aloud(const Prepared& prepared, const SimulateOptions& options);

// What those ranks hold over their last step, in equal slices.
report::MemoryOverTime memory_over_time(const report::MemoryTimeline& timeline, const std::vector<RankId>& ranks,
                                        const sim::RunResult& run, int slices);

}  // namespace orrery::cli

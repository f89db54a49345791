#pragma once

#include <string>
#include <utility>
#include <vector>

#include "interop/trace/analysis/breakdown.h"
#include "sim/base/result.h"

namespace orrery::report {

// One side of `orrery compare`: figures by their path in the result document
// ("memory.peak_bytes"), in its order and units.
struct Metrics {
  std::vector<std::pair<std::string, double>> numbers;
  std::vector<std::pair<std::string, std::string>> texts;  // what else may differ: "memory.fits"
};

// Of the JSON that `orrery run` prints. Anything else is refused by what it seems to be.
orrery::Result<Metrics> result_metrics(const std::string& json, const std::string& file);

// Of a trace, for one step and the mean of its ranks: step_time_s and its parts.
// A trace that does not say its steps counts as one.
Metrics trace_metrics(const interop::TraceBreakdown& breakdown);

// The figures that a trace has too, of a result.
Metrics as_of_a_trace(const Metrics& result);

}  // namespace orrery::report

#pragma once

#include <vector>

#include "cli/work/collectives/collective_bench.h"
#include "report/collective/collective_reproduction.h"

namespace orrery::cli {

// Where measured times go over from one algorithm and protocol to the next, beside the sizes
// at which NCCL's model does.
//
// No log says what ran. But each choice has times of its own: of all sizes from where the
// earlier choice begins to where the later one ends, the log's crossover is the one that
// splits them so that the times of both choices are nearest (in sum of logarithms) to what was
// measured; sizes at which both would take the same within 5 % do not say, and of equal splits the nearest counts.
// Sizes are those measured, powers of two.
//
// `rows` are of one operation, element type and version of NCCL, among as many ranks.
std::vector<report::Crossover> crossovers_of(const CollectiveBench& bench,
                                             const std::vector<const interop::CollectiveMeasurement*>& rows);

}  // namespace orrery::cli

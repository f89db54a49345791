#pragma once

#include <functional>
#include <vector>

#include "models/compute/calibration/calibration.h"

namespace orrery::validate {

// The median and its 95 % interval by order statistics, which asks nothing of
// how times are distributed. At least one value.
models::Interval median_interval(std::vector<double> values);

// How long one thing is timed. Times are in seconds.
struct SamplingRules {
  double batch = 1e-3;  // launches between two events take at least this long together
  int window = 10;      // warm until the median of so many moves less than `settled`…
  double settled = 0.01;
  int longest_warmup = 60;  // …or so many runs are over
  int least = 15;           // samples; twice that over two passes
  int most = 200;
  double precise = 0.01;  // enough when the interval of the median is this narrow
  double limit = 0.6;     // of one pass over one thing, warm-up included
};

// Samples of what `once` times, in seconds: warm, and enough of them. `clock` tells
// the seconds that have passed; a run that is `over` ends at once.
std::vector<double> sample(const std::function<double()>& once, const SamplingRules& rules,
                           const std::function<double()>& clock, const std::function<bool()>& over);

// 0…n-1 in an order that hangs on the seed alone, so that drift does not align with size.
std::vector<std::size_t> shuffled(std::size_t n, std::uint64_t seed);

}  // namespace orrery::validate

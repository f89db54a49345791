#pragma once

#include <functional>
#include <string>
#include <vector>

#include "validate/probe/session/bench.h"
#include "validate/probe/session/sampling.h"

namespace orrery::validate {

// Seconds of one thing in two passes over a list.
class Timed {
 public:
  std::vector<double> passes[2];

  bool has(int pass) const { return !passes[pass].empty(); }
  double median(int pass) const { return median_interval(passes[pass]).value; }
  // Of all samples; wide enough to hold what either pass says, so that drift between them counts.
  models::Interval interval() const;
};

// Samples of what `once` times, by the bench's clock and until it is stopped. What
// takes no time (ideal links; anything after a fault) leaves none.
std::vector<double> sample(Bench& bench, const std::function<double()>& once);

// Times `n` things, each pass in an order of its own: the first `wanted` of them in both
// passes before the others. What there is no time for is left out.
std::vector<Timed> time_twice(Bench& bench, std::size_t n, std::size_t wanted, double budget,
                              const std::function<std::vector<double>(std::size_t)>& time_one);

// Into tool["left_out.NAME"] how many were not timed, into tool["once.NAME"] how many in
// one pass only, into conditions["repeatability.NAME"] by which share the passes differ.
void tell_quality(const std::string& name, const std::vector<Timed>& timed, models::Calibration& out);

}  // namespace orrery::validate

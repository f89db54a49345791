#include "validate/probe/session/sampling.h"

#include <algorithm>
#include <cmath>

#include "sim/base/random.h"

namespace orrery::validate {
namespace {

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

bool is_precise(const std::vector<double>& values, double share) {
  const models::Interval interval = median_interval(values);
  return interval.high - interval.low <= share * interval.value;
}

}  // namespace

// The number of values below the median is binomial; its 95 % range about n/2 is
// 0.98 sqrt(n) wide to each side, rounded outwards.
models::Interval median_interval(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const double n = static_cast<double>(values.size());
  const auto low = static_cast<std::size_t>(std::max(1.0, std::floor((n - 1.96 * std::sqrt(n)) / 2)));
  return {median(values), values[low - 1], values[values.size() - low], static_cast<int>(values.size())};
}

std::vector<double> sample(const std::function<double()>& once, const SamplingRules& rules,
                           const std::function<double()>& clock, const std::function<bool()>& over) {
  const double begin = clock();
  const auto late = [&] { return over() || clock() - begin > rules.limit; };
  std::vector<double> window;
  double before = 0;
  for (int run = 1; run <= rules.longest_warmup && !late(); ++run) {
    window.push_back(once());
    if (window.size() > static_cast<std::size_t>(rules.window)) window.erase(window.begin());
    if (run < rules.window || run % (rules.window / 2) != 0) continue;
    const double now = median(window);
    if (before > 0 && std::abs(now / before - 1) < rules.settled) break;
    before = now;
  }
  std::vector<double> samples;
  for (int i = 0; i < rules.most && !over(); ++i) {
    samples.push_back(once());
    if (i + 1 >= rules.least && (is_precise(samples, rules.precise) || late())) break;
    if (late() && i + 1 >= rules.least / 3) break;  // long ones: a few must do
  }
  return samples;
}

std::vector<std::size_t> shuffled(std::size_t n, std::uint64_t seed) {
  std::vector<std::size_t> order(n);
  for (std::size_t i = 0; i < n; ++i) order[i] = i;
  const KeyedRandom random(seed);
  for (std::size_t i = n; i > 1; --i) std::swap(order[i - 1], order[random.bits(i) % i]);
  return order;
}

}  // namespace orrery::validate

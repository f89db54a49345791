#include "validate/probe/family/passes.h"

#include <algorithm>
#include <cmath>

namespace orrery::validate {

models::Interval Timed::interval() const {
  std::vector<double> all = passes[0];
  all.insert(all.end(), passes[1].begin(), passes[1].end());
  models::Interval out = median_interval(std::move(all));
  for (int pass = 0; pass < 2; ++pass)
    if (has(pass)) out.low = std::min(out.low, median(pass)), out.high = std::max(out.high, median(pass));
  return out;
}

std::vector<double> sample(Bench& bench, const std::function<double()>& once) {
  std::vector<double> samples = sample(
      once, {}, [&] { return bench.seconds(); }, [&] { return bench.stopped(); });
  std::erase_if(samples, [](double seconds) { return !(seconds > 0); });
  return samples;
}

std::vector<Timed> time_twice(Bench& bench, std::size_t n, std::size_t wanted, double budget,
                              const std::function<std::vector<double>(std::size_t)>& time_one) {
  const double begin = bench.seconds();
  std::vector<Timed> timed(n);
  const std::pair<std::size_t, std::size_t> parts[] = {{0, wanted}, {wanted, n}};
  for (const auto& [first, last] : parts)
    for (int pass = 0; pass < 2; ++pass)
      for (const std::size_t i : shuffled(last - first, bench.options().seed + static_cast<std::uint64_t>(pass))) {
        if (bench.stopped() || bench.seconds() - begin > budget) return timed;
        timed[first + i].passes[pass] = time_one(first + i);
      }
  return timed;
}

void tell_quality(const std::string& name, const std::vector<Timed>& timed, models::Calibration& out) {
  std::size_t left_out = 0, once = 0;
  std::vector<double> gaps;
  for (const Timed& t : timed) {
    if (!t.has(0)) ++left_out;
    if (t.has(0) && !t.has(1)) ++once;
    if (t.has(0) && t.has(1)) gaps.push_back(std::abs(t.median(1) / t.median(0) - 1));
  }
  const auto tell = [&](const std::string& what, std::size_t n) {
    if (n > 0) out.tool[what + name] = std::to_string(n) + " of " + std::to_string(timed.size());
  };
  tell("left_out.", left_out);
  tell("once.", once);
  if (!gaps.empty()) out.conditions["repeatability." + name] = median_interval(std::move(gaps));
}

}  // namespace orrery::validate

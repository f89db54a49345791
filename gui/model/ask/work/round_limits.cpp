#include "gui/model/ask/work/round_limits.h"

#include <algorithm>
#include <cmath>

namespace orrery::gui {
namespace {

constexpr int kMostSteps = 7;
// What a quotient of doubles may be off by and still be whole.
constexpr double kNearly = 1e-9;

RoundLimits in_steps(double low, double high, double step) {
  return {std::floor(low / step + kNearly) * step, std::ceil(high / step - kNearly) * step, step,
          std::max(0, static_cast<int>(std::ceil(-std::log10(step) - kNearly)))};
}

}  // namespace

int RoundLimits::marks() const {
  return static_cast<int>(std::lround((high - low) / step)) + 1;
}

RoundLimits round_limits(double low, double high) {
  if (!(high > 0)) return {};
  if (low < high / 2) low = 0;
  if (low >= high) low = high / 2;
  const double least = (high - low) / kMostSteps;
  for (double ten = std::pow(10, std::floor(std::log10(least)));; ten *= 10)
    for (const double of_ten : {1.0, 2.0, 5.0}) {
      const RoundLimits limits = in_steps(low, high, of_ten * ten);
      if (limits.marks() <= kMostSteps + 1) return limits;
    }
}

}  // namespace orrery::gui

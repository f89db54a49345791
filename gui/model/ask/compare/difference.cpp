#include "gui/model/ask/compare/difference.h"

#include <algorithm>
#include <cmath>

namespace orrery::gui {

Difference difference_of(Ns partner, Ns event) {
  const Ns a = std::max<Ns>(partner, 1), b = std::max<Ns>(event, 1);
  if (a == b) return 0;
  const double doublings = std::log2(static_cast<double>(b) / static_cast<double>(a));
  const double most = kMostDifference;
  return static_cast<Difference>(std::lround(std::clamp(doublings * most, -most, most)));
}

}  // namespace orrery::gui

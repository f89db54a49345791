#include "gui/view/timeline/paint/line_pattern.h"

namespace orrery::gui {

bool is_gap_of(std::uint8_t pattern, int x, int y) {
  switch (pattern) {
    case kHatch:
      return ((x + y) & 7) < 3;
    case kBackHatch:
      return ((x - y) & 7) < 2;
    case kBars:
      return (x & 3) == 0;
    case kDots:
      return (x & 3) == 0 && (y & 3) == 0;
    default:
      return false;
  }
}

Pattern pattern_of_class(EventClass c, bool all) {
  if (is_idle(c)) return kHatch;
  if (!all) return kPlain;
  switch (c) {
    case EventClass::backward:
    case EventClass::pp:
      return kBackHatch;
    case EventClass::weight_gradient:
    case EventClass::cp:
    case EventClass::ep:
      return kDots;
    case EventClass::recompute:
    case EventClass::tp:
    case EventClass::dp:
      return kBars;
    default:
      return kPlain;
  }
}

Pattern pattern_of_difference(Difference difference) {
  if (difference == kAlone) return kDots;
  if (difference > kAlike) return kBackHatch;
  return difference < -kAlike ? kBars : kPlain;
}

}  // namespace orrery::gui

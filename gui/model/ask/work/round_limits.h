#pragma once

namespace orrery::gui {

// Ends of an axis that its numbers fall on, as near to the data as round steps allow.
struct RoundLimits {
  double low = 0, high = 1, step = 1;
  int decimals = 0;  // that tell steps apart

  int marks() const;  // both ends counted
};

// From nothing, unless all of it lies in the upper half. Four to eight marks.
RoundLimits round_limits(double low, double high);

}  // namespace orrery::gui

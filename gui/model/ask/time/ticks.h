#pragma once

#include <string>
#include <vector>

#include "gui/model/store/event.h"

namespace orrery::gui {

// "22.52 ms", with as many digits as are worth reading.
std::string time_text(Ns duration);
// All of it, for details: "22.515698 ms".
std::string exact_time_text(Ns duration);

// Marks of a ruler, a round number of some unit apart, at least `apart` pixels.
struct Tick {
  Ns when;
  std::string label;  // since the trace's zero
};
struct Ticks {
  Ns step = 1;
  int parts = 5;  // smaller marks in between
  std::vector<Tick> ticks;
};
Ticks ticks_of(TimeRange view, int width, int apart);

}  // namespace orrery::gui

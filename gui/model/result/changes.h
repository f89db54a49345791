#pragma once

#include "gui/model/result/result_page.h"

namespace orrery::gui {

// One figure of two results, as people read it.
struct Change {
  // unsaid: a time may be longer because more is done in it.
  enum class Is { unsaid, better, worse };

  std::string label, before, now, by;  // by: "+3.2 %", "-1.4 points"
  Is is = Is::unsaid;
};

// The figures that both pages have, then the parts of the step that either has.
std::vector<Change> changes_of(const ResultPage& before, const ResultPage& now);

}  // namespace orrery::gui

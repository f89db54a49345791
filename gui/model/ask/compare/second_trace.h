#pragma once

#include <memory>
#include <optional>

#include "gui/model/ask/compare/alignment.h"
#include "gui/model/ask/compare/pairing.h"

namespace orrery::gui {

// Another trace within the lanes of the one that is shown, moved so that two of their
// steps begin together.
struct SecondTrace {
  SecondTrace() = default;
  // As they align by default, and paired so.
  SecondTrace(const TraceModel& first, std::shared_ptr<const TraceModel> second);
  SecondTrace(std::shared_ptr<const TraceModel> second, Alignment alignment, std::shared_ptr<const Pairing> pairs);

  std::shared_ptr<const TraceModel> model = std::make_shared<const TraceModel>();
  Alignment alignment;
  Ns later = 0;  // what happens at t in the first happens at t + later in this one
  std::shared_ptr<const Pairing> pairs = std::make_shared<const Pairing>();

  const Pairing& pairing() const { return *pairs; }
  TimeRange here(TimeRange of_first) const { return {of_first.begin + later, of_first.end + later}; }
  // On the clock of the first.
  TimeRange range(EventRef of_second) const {
    const TimeRange range = model->range(of_second);
    return {range.begin - later, range.end - later};
  }
};

// How many times as long an event of the second takes as the same one of the first; none
// where only the second has it.
std::optional<double> ratio_of(const SecondTrace& second, const TraceModel& first, EventRef of_second);

}  // namespace orrery::gui

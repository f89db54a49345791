#include "gui/model/ask/compare/second_trace.h"

#include <algorithm>

#include "gui/model/ask/compare/compare.h"

namespace orrery::gui {

SecondTrace::SecondTrace(const TraceModel& first, std::shared_ptr<const TraceModel> second)
    : model(std::move(second)),
      later(compared_range(*model).begin - compared_range(first).begin),
      pairing(first, *model) {}

std::optional<double> ratio_of(const SecondTrace& second, const TraceModel& first, EventRef of_second) {
  const EventRef same = second.pairing.in_a(of_second);
  if (same.is_none()) return std::nullopt;
  const Ns a = first.row(same).duration(same.index), b = second.model->row(of_second).duration(of_second.index);
  return static_cast<double>(std::max<Ns>(b, 1)) / static_cast<double>(std::max<Ns>(a, 1));
}

}  // namespace orrery::gui

#include "gui/model/ask/compare/second_trace.h"

#include <algorithm>

namespace orrery::gui {

SecondTrace::SecondTrace(const TraceModel& first, std::shared_ptr<const TraceModel> second)
    : model(std::move(second)),
      alignment(first, *model),
      later(alignment.later()),
      pairs(std::make_shared<const Pairing>(first, *model, alignment)) {}

SecondTrace::SecondTrace(std::shared_ptr<const TraceModel> second, Alignment aligned,
                         std::shared_ptr<const Pairing> paired)
    : model(std::move(second)), alignment(std::move(aligned)), later(alignment.later()), pairs(std::move(paired)) {}

std::optional<double> ratio_of(const SecondTrace& second, const TraceModel& first, EventRef of_second) {
  const EventRef same = second.pairing().in_a(of_second);
  if (same.is_none()) return std::nullopt;
  const Ns a = first.row(same).duration(same.index), b = second.model->row(of_second).duration(of_second.index);
  return static_cast<double>(std::max<Ns>(b, 1)) / static_cast<double>(std::max<Ns>(a, 1));
}

}  // namespace orrery::gui

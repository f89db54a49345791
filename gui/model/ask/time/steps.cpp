#include "gui/model/ask/time/steps.h"

#include <map>

namespace orrery::gui {
namespace {

void widen(std::map<std::int64_t, TimeRange>& steps, std::int64_t step, TimeRange by) {
  const auto [at, fresh] = steps.try_emplace(step, by);
  if (!fresh) at->second = {std::min(at->second.begin, by.begin), std::max(at->second.end, by.end)};
}

}  // namespace

std::vector<TimeRange> steps_of(const TraceModel& model) {
  std::map<std::int64_t, TimeRange> steps;
  for (const Track& track : model.tracks()) {
    // Actions of a schedule are few, and all of them say their step.
    if (!track.is_overview()) continue;
    for (std::uint32_t i = 0; i < model.rows()[track.first_row].size(); ++i)
      if (const auto step = model.number({track.first_row, i}, "step"))
        widen(steps, *step, model.rows()[track.first_row].range(i));
  }
  constexpr std::string_view kProfiler = "ProfilerStep#";
  std::vector<bool> is_step(model.kinds().size());
  bool any = false;
  for (std::size_t i = 0; i < is_step.size(); ++i) {
    is_step[i] = model.names()[model.kinds()[i].name].starts_with(kProfiler);
    any = any || is_step[i];
  }
  if (steps.empty() && any)
    for (const Row& row : model.rows())
      for (std::uint32_t i = 0; i < row.size(); ++i)
        if (is_step[row[i].kind]) widen(steps, row[i].kind, row.range(i));
  std::vector<TimeRange> ranges;
  for (const auto& [step, range] : steps) ranges.push_back(range);
  return ranges;
}

}  // namespace orrery::gui

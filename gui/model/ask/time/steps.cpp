#include "gui/model/ask/time/steps.h"

#include <charconv>
#include <map>

namespace orrery::gui {
namespace {

constexpr std::string_view kProfiler = "ProfilerStep#";

using Ranges = std::map<std::int64_t, TimeRange>;

void widen(Ranges& steps, std::int64_t step, TimeRange by) {
  const auto [at, fresh] = steps.try_emplace(step, by);
  if (!fresh) at->second = {std::min(at->second.begin, by.begin), std::max(at->second.end, by.end)};
}

// Actions of a schedule are few, and all of them say their step.
Ranges steps_of_schedules(const TraceModel& model) {
  Ranges steps;
  for (const Track& track : model.tracks()) {
    if (!track.is_overview()) continue;
    const Row& row = model.rows()[track.first_row];
    for (std::uint32_t i = 0; i < row.size(); ++i)
      if (const auto step = model.number({track.first_row, i}, "step"); step && *step >= 0 && *step <= kMostStep)
        widen(steps, *step, row.range(i));
  }
  return steps;
}

std::optional<std::int64_t> number_of(std::string_view name) {
  if (!name.starts_with(kProfiler)) return std::nullopt;
  name.remove_prefix(kProfiler.size());
  std::int64_t number = 0;
  const auto [end, fault] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (fault != std::errc() || number < 0) return std::nullopt;
  return number;
}

Ranges steps_of_profiler(const TraceModel& model) {
  std::vector<std::optional<std::int64_t>> of_kind(model.kinds().size());
  bool any = false;
  for (std::size_t i = 0; i < of_kind.size(); ++i) {
    of_kind[i] = number_of(model.names()[model.kinds()[i].name]);
    any = any || of_kind[i];
  }
  Ranges steps;
  if (!any) return steps;
  for (const Row& row : model.rows())
    for (std::uint32_t i = 0; i < row.size(); ++i)
      if (const auto& step = of_kind[row[i].kind]) widen(steps, *step, row.range(i));
  return steps;
}

}  // namespace

std::vector<Step> steps_of(const TraceModel& model) {
  Ranges ranges = steps_of_schedules(model);
  if (ranges.empty()) ranges = steps_of_profiler(model);
  std::vector<Step> steps;
  for (const auto& [number, range] : ranges) steps.push_back({number, range});
  return steps;
}

TimeRange last_step_of(const TraceModel& model) {
  const std::vector<Step> steps = steps_of(model);
  return steps.empty() ? model.extent() : steps.back().range;
}

std::optional<std::size_t> step_in_view(const std::vector<Step>& steps, TimeRange view) {
  std::optional<std::size_t> most;
  Ns longest = 0;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const Ns seen = steps[i].range.cut(view).length();
    if (seen > longest) longest = seen, most = i;
  }
  return most;
}

}  // namespace orrery::gui

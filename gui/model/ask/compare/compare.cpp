#include "gui/model/ask/compare/compare.h"

#include <cmath>

#include "gui/model/ask/lanes/lanes.h"
#include "gui/model/ask/time/steps.h"
#include "gui/model/ask/work/area.h"

namespace orrery::gui {
namespace {

using Key = std::pair<std::string, EventClass>;

AreaTotals totals_of_all(const TraceModel& model, TimeRange range) {
  std::vector<std::uint32_t> tracks(model.tracks().size());
  for (std::uint32_t i = 0; i < tracks.size(); ++i) tracks[i] = i;
  return totals_of(model, tracks, range);
}

bool same_work(const TraceModel& a, EventRef of_a, const TraceModel& b, EventRef of_b) {
  const Kind &left = a.kind(of_a), &right = b.kind(of_b);
  return left.micro_batch == right.micro_batch && left.chunk == right.chunk && a.name(of_a) == b.name(of_b);
}

}  // namespace

TimeRange compared_range(const TraceModel& model) {
  const std::vector<TimeRange> steps = steps_of(model);
  return steps.empty() ? model.extent() : steps.back();
}

Comparison::Comparison(const TraceModel& a, const TraceModel& b)
    : range_a_(compared_range(a)), range_b_(compared_range(b)) {
  const AreaTotals of_a = totals_of_all(a, range_a_), of_b = totals_of_all(b, range_b_);
  std::map<Key, Change> changes;
  const auto change_of = [&](const TraceModel& model, const AreaTotals::Name& name) -> Change& {
    const std::string& text = model.names()[name.name];
    Change& change = changes[{text, name.is}];
    change.name = text, change.is = name.is;
    return change;
  };
  for (const AreaTotals::Name& name : of_a.names) {
    Change& change = change_of(a, name);
    change.count_a += name.count;
    change.time_a += static_cast<double>(name.time) / std::max(1u, of_a.processes);
  }
  for (const AreaTotals::Name& name : of_b.names) {
    Change& change = change_of(b, name);
    change.count_b += name.count;
    change.time_b += static_cast<double>(name.time) / std::max(1u, of_b.processes);
  }
  for (const auto& [key, change] : changes) {
    changes_.push_back(change);
    if (change.count_a == 0 || change.count_b == 0 || change.time_a <= 0) continue;
    const double each_a = change.time_a * of_a.processes / static_cast<double>(change.count_a);
    const double each_b = change.time_b * of_b.processes / static_cast<double>(change.count_b);
    ratios_[change.name] = each_b / each_a;
  }
  std::stable_sort(changes_.begin(), changes_.end(), [](const Change& x, const Change& y) {
    return std::fabs(x.difference()) > std::fabs(y.difference());
  });
}

double Comparison::ratio_of(const std::string& name) const {
  const auto at = ratios_.find(name);
  return at == ratios_.end() ? 1 : at->second;
}

EventRef counterpart(const TraceModel& from, EventRef event, Ns since, const TraceModel& to, Ns to_since) {
  const std::string path = path_of_track(from, from.track_of(event));
  const std::uint32_t level = event.row - from.track(event).first_row;
  if (from.range(event).begin < since) since = to_since = INT64_MIN;  // of an earlier step: from the beginning
  int before = 0;
  for (std::uint32_t i = from.row(event).first_starting_from(since); i < event.index; ++i)
    before += same_work(from, {event.row, i}, from, event);
  for (std::uint32_t t = 0; t < to.tracks().size(); ++t) {
    const Track& track = to.tracks()[t];
    if (level >= track.rows || path_of_track(to, t) != path) continue;
    const std::uint32_t r = track.first_row + level;
    const Row& row = to.rows()[r];
    for (std::uint32_t i = row.first_starting_from(to_since); i < row.size(); ++i)
      if (same_work(from, event, to, {r, i}) && before-- == 0) return {r, i};
  }
  return EventRef::none();
}

}  // namespace orrery::gui

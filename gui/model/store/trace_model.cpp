#include "gui/model/store/trace_model.h"

#include <algorithm>

namespace orrery::gui {

TraceModel::TraceModel(Parts parts) : parts_(std::move(parts)) {
  bool first = true;
  for (const Row& row : parts_.rows) {
    events_ += row.size();
    if (row.size() == 0) continue;
    const TimeRange extent = row.extent();
    extent_ = first ? extent : TimeRange{std::min(extent_.begin, extent.begin), std::max(extent_.end, extent.end)};
    first = false;
  }
  // A picture needs a width, if only of one instant.
  if (extent_.empty()) extent_.end = extent_.begin + 1;
}

std::size_t TraceModel::bytes() const {
  std::size_t sum = parts_.arguments.bytes() + parts_.kinds.capacity() * sizeof(Kind) +
                    2 * parts_.arrows.all().size() * sizeof(Arrow);
  for (const Row& row : parts_.rows) sum += row.bytes();
  for (const Counter& counter : parts_.counters)
    for (const Series& series : counter.series) sum += series.times.capacity() * (sizeof(Ns) + sizeof(double));
  return sum;
}

std::optional<std::int64_t> TraceModel::number(EventRef e, std::string_view key) const {
  for (const Arguments::Argument& argument : arguments(e))
    if (argument.key == key && argument.is_number) return argument.number;
  return std::nullopt;
}

EventRef TraceModel::innermost(std::uint32_t track, Ns when) const {
  const Track& of = parts_.tracks[track];
  for (std::uint32_t row = of.first_row + of.rows; row-- > of.first_row;)
    if (const auto index = parts_.rows[row].at(when)) return {row, *index};
  return EventRef::none();
}

EventRef TraceModel::next(EventRef e) const {
  return e.index + 1 < row(e).size() ? EventRef{e.row, e.index + 1} : EventRef::none();
}

EventRef TraceModel::previous(EventRef e) const {
  return e.index > 0 ? EventRef{e.row, e.index - 1} : EventRef::none();
}

std::pair<std::uint32_t, std::uint32_t> TraceModel::tracks_of(std::uint32_t process) const {
  const std::vector<Track>& tracks = parts_.tracks;
  const auto begin = std::lower_bound(tracks.begin(), tracks.end(), process,
                                      [](const Track& track, std::uint32_t p) { return track.process < p; });
  const auto end = std::upper_bound(begin, tracks.end(), process,
                                    [](std::uint32_t p, const Track& track) { return p < track.process; });
  return {static_cast<std::uint32_t>(begin - tracks.begin()), static_cast<std::uint32_t>(end - tracks.begin())};
}

}  // namespace orrery::gui

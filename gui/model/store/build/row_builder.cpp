#include "gui/model/store/build/row_builder.h"

namespace orrery::gui {

void RowBuilder::add(Ns start, Ns duration, std::uint32_t kind) {
  // Grown by a quarter: a hundred million events must not hold room for two.
  if (events_.size() == events_.capacity()) events_.reserve(events_.size() + events_.size() / 4 + 16);
  if (duration < Row::kLong) {
    events_.push_back({start, static_cast<std::uint32_t>(duration), kind});
    return;
  }
  events_.push_back({start, Row::kLong, kind});
  long_.push_back({start, duration, kind});
}

// Outer before inner. Long events come first among those of one start, by kind, and
// long_ is in the same order: the n-th of one is the n-th of the other.
void RowBuilder::sort() {
  const auto before = [](const Event& a, const Event& b) {
    if (a.start != b.start) return a.start < b.start;
    return a.duration != b.duration ? a.duration > b.duration : a.kind < b.kind;
  };
  if (!std::is_sorted(events_.begin(), events_.end(), before)) std::sort(events_.begin(), events_.end(), before);
  std::sort(long_.begin(), long_.end(), [](const Long& a, const Long& b) {
    if (a.start != b.start) return a.start < b.start;
    return a.kind != b.kind ? a.kind < b.kind : a.duration > b.duration;
  });
}

// Which level each event goes to; empty where all go to the first, so that a track
// without nesting keeps its array.
std::vector<std::uint16_t> RowBuilder::levels_of(std::span<const Ns> durations_of_long, std::size_t& levels) {
  std::vector<std::uint16_t> level_of;
  std::vector<Ns> ends;
  std::size_t next_long = 0;
  for (std::size_t i = 0; i < events_.size(); ++i) {
    const Event& event = events_[i];
    const Ns duration = event.duration == Row::kLong ? durations_of_long[next_long++] : Ns{event.duration};
    std::size_t level = 0;
    while (level < ends.size() && ends[level] > event.start) ++level;
    if (level > 0 && level_of.empty()) level_of.assign(events_.size(), 0);
    if (level == kMostLevels) {
      level_of[i] = kNowhere, ++left_out_;
      continue;
    }
    if (level == ends.size()) ends.push_back(INT64_MIN);
    ends[level] = event.start + duration;
    if (level > 0) level_of[i] = static_cast<std::uint16_t>(level);
  }
  levels = ends.size();
  return level_of;
}

std::vector<Row> RowBuilder::finish(std::span<const EventClass> class_of_kind) {
  sort();
  std::vector<Ns> durations_of_long;
  for (const Long& one : long_) durations_of_long.push_back(one.duration);
  std::size_t count = 0;
  const std::vector<std::uint16_t> level_of = levels_of(durations_of_long, count);

  struct Level {
    std::vector<Event> events;
    std::vector<Row::LongDuration> long_durations;
  };
  std::vector<Level> levels(count);
  std::size_t next_long = 0;
  const auto note_long = [&](const Event& event, std::size_t level, std::size_t index) {
    if (event.duration != Row::kLong) return;
    const Ns duration = durations_of_long[next_long++];
    if (level < count) levels[level].long_durations.push_back({static_cast<std::uint32_t>(index), duration});
  };
  if (level_of.empty()) {
    for (std::size_t i = 0; i < events_.size(); ++i) note_long(events_[i], 0, i);
    if (count == 1) levels[0].events = std::move(events_);
  } else {
    std::vector<std::size_t> sizes(count, 0);
    for (const std::uint16_t level : level_of)
      if (level != kNowhere) ++sizes[level];
    for (std::size_t i = 0; i < count; ++i) levels[i].events.reserve(sizes[i]);
    for (std::size_t i = 0; i < events_.size(); ++i) {
      const std::uint16_t level = level_of[i];
      note_long(events_[i], level, level < count ? levels[level].events.size() : 0);
      if (level < count) levels[level].events.push_back(events_[i]);
    }
    events_ = {};
  }
  std::vector<Row> rows;
  for (Level& level : levels)
    rows.emplace_back(std::move(level.events), std::move(level.long_durations), class_of_kind);
  return rows;
}

template <class Visit>
void RowBuilder::for_each_range(const Visit& visit) {
  sort();
  std::size_t next_long = 0;
  for (const Event& event : events_) {
    const Ns duration = event.duration == Row::kLong ? long_[next_long++].duration : Ns{event.duration};
    visit(TimeRange{event.start, event.start + duration});
  }
}

TimeRange RowBuilder::extent() {
  TimeRange extent{INT64_MAX, INT64_MIN};
  for_each_range([&](TimeRange one) { extent = {std::min(extent.begin, one.begin), std::max(extent.end, one.end)}; });
  return extent;
}

std::vector<TimeRange> RowBuilder::gaps(TimeRange range) {
  std::vector<TimeRange> gaps;
  Ns end = range.begin;
  for_each_range([&](TimeRange one) {
    if (one.begin > end) gaps.push_back({end, one.begin});
    end = std::max(end, one.end);
  });
  if (end < range.end) gaps.push_back({end, range.end});
  return gaps;
}

}  // namespace orrery::gui

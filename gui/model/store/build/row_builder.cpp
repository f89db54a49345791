#include "gui/model/store/build/row_builder.h"

namespace orrery::gui {

void RowBuilder::add(Ns start, Ns duration, std::uint32_t kind) {
  const bool is_long = duration >= Row::kLong;
  if (is_long) long_.push_back({start, duration, kind});
  last_.push_back({start, is_long ? Row::kLong : static_cast<std::uint32_t>(duration), kind});
  if (last_.size() < EventPages::kEvents) return;
  full_.push_back(pages_->keep(last_));
  last_.clear();
}

RowBuilder::Sorted RowBuilder::take_sorted() {
  Sorted sorted;
  std::vector<Event>& events = sorted.events;
  events.reserve(size());
  for (EventPages::Page& page : full_) {
    events.insert(events.end(), page.get(), page.get() + EventPages::kEvents);
    EventPages::let_go(page);
  }
  events.insert(events.end(), last_.begin(), last_.end());
  full_ = {};
  last_ = {};

  const auto before = [](const Event& a, const Event& b) {
    if (a.start != b.start) return a.start < b.start;
    return a.duration != b.duration ? a.duration > b.duration : a.kind < b.kind;
  };
  if (!std::is_sorted(events.begin(), events.end(), before)) std::sort(events.begin(), events.end(), before);
  std::sort(long_.begin(), long_.end(), [](const Long& a, const Long& b) {
    if (a.start != b.start) return a.start < b.start;
    return a.kind != b.kind ? a.kind < b.kind : a.duration > b.duration;
  });
  for (const Long& one : long_) sorted.long_durations.push_back(one.duration);
  long_ = {};
  return sorted;
}

// Which level each event goes to; empty where all go to the first, so that a track
// without nesting keeps its array.
std::vector<std::uint16_t> RowBuilder::levels_of(const Sorted& sorted, std::size_t& levels) {
  std::vector<std::uint16_t> level_of;
  std::vector<Ns> ends;
  std::size_t next_long = 0;
  for (std::size_t i = 0; i < sorted.events.size(); ++i) {
    const Event& event = sorted.events[i];
    const Ns duration = event.duration == Row::kLong ? sorted.long_durations[next_long++] : Ns{event.duration};
    std::size_t level = 0;
    while (level < ends.size() && ends[level] > event.start) ++level;
    if (level > 0 && level_of.empty()) level_of.assign(sorted.events.size(), 0);
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
  Sorted sorted = take_sorted();
  std::vector<Event>& events = sorted.events;
  std::size_t count = 0;
  const std::vector<std::uint16_t> level_of = levels_of(sorted, count);

  struct Level {
    std::vector<Event> events;
    std::vector<Row::LongDuration> long_durations;
  };
  std::vector<Level> levels(count);
  std::size_t next_long = 0;
  const auto note_long = [&](const Event& event, std::size_t level, std::size_t index) {
    if (event.duration != Row::kLong) return;
    const Ns duration = sorted.long_durations[next_long++];
    if (level < count) levels[level].long_durations.push_back({static_cast<std::uint32_t>(index), duration});
  };
  if (level_of.empty()) {
    for (std::size_t i = 0; i < events.size(); ++i) note_long(events[i], 0, i);
    if (count == 1) levels[0].events = std::move(events);
  } else {
    std::vector<std::size_t> sizes(count, 0);
    for (const std::uint16_t level : level_of)
      if (level != kNowhere) ++sizes[level];
    for (std::size_t i = 0; i < count; ++i) levels[i].events.reserve(sizes[i]);
    for (std::size_t i = 0; i < events.size(); ++i) {
      const std::uint16_t level = level_of[i];
      note_long(events[i], level, level < count ? levels[level].events.size() : 0);
      if (level < count) levels[level].events.push_back(events[i]);
    }
    events = {};
  }
  std::vector<Row> rows;
  for (Level& level : levels)
    rows.emplace_back(std::move(level.events), std::move(level.long_durations), class_of_kind);
  return rows;
}

template <class Visit>
void RowBuilder::for_each_range(const Visit& visit) const {
  const Sorted sorted = RowBuilder(*this).take_sorted();
  std::size_t next_long = 0;
  for (const Event& event : sorted.events) {
    const Ns duration = event.duration == Row::kLong ? sorted.long_durations[next_long++] : Ns{event.duration};
    visit(TimeRange{event.start, event.start + duration});
  }
}

TimeRange RowBuilder::extent() const {
  TimeRange extent{INT64_MAX, INT64_MIN};
  for_each_range([&](TimeRange one) { extent = {std::min(extent.begin, one.begin), std::max(extent.end, one.end)}; });
  return extent;
}

std::vector<TimeRange> RowBuilder::gaps(TimeRange range) const {
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

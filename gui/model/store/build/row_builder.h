#pragma once

#include <vector>

#include "gui/model/store/build/event_pages.h"
#include "gui/model/store/row.h"

namespace orrery::gui {

// Events of one track as they come, in any order; then rows. A copy shares what is in pages.
class RowBuilder {
 public:
  explicit RowBuilder(std::shared_ptr<EventPages> pages) : pages_(std::move(pages)) {}

  void add(Ns start, Ns duration, std::uint32_t kind);
  std::size_t size() const { return full_.size() * EventPages::kEvents + last_.size(); }

  // Nesting levels, outermost first; nothing is left here. Of events that overlap without nesting,
  // which are out of specification, the later one goes to the first row with room.
  std::vector<Row> finish(std::span<const EventClass> class_of_kind);
  // From the first event to the last.
  TimeRange extent() const;
  // Within `range`, which holds all events: where none is.
  std::vector<TimeRange> gaps(TimeRange range) const;
  // Events nested deeper than kMostLevels, which no row has room for.
  std::uint64_t left_out() const { return left_out_; }

 private:
  static constexpr std::uint16_t kMostLevels = 512, kNowhere = UINT16_MAX;

  // What 32 bits do not hold.
  struct Long {
    Ns start, duration;
    std::uint32_t kind;
  };
  // Outer before inner. Long events come first among those of one start, by kind, and
  // long_durations are in the same order: the n-th of one is that of the n-th of the other.
  struct Sorted {
    std::vector<Event> events;
    std::vector<Ns> long_durations;
  };

  Sorted take_sorted();
  template <class Visit>
  void for_each_range(const Visit& visit) const;
  std::vector<std::uint16_t> levels_of(const Sorted& sorted, std::size_t& levels);

  std::shared_ptr<EventPages> pages_;
  std::vector<EventPages::Page> full_;
  std::vector<Event> last_;  // less than a page of them
  std::vector<Long> long_;
  std::uint64_t left_out_ = 0;
};

}  // namespace orrery::gui

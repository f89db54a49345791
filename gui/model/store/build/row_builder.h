#pragma once

#include <vector>

#include "gui/model/store/row.h"

namespace orrery::gui {

// Events of one track as they come, in any order; then rows.
class RowBuilder {
 public:
  void add(Ns start, Ns duration, std::uint32_t kind);
  std::size_t size() const { return events_.size(); }

  // Nesting levels, outermost first. Of events that overlap without nesting,
  // which are out of specification, the later one goes to the first row with room.
  std::vector<Row> finish(std::span<const EventClass> class_of_kind);
  // From the first event to the last.
  TimeRange extent();
  // Within `range`, which holds all events: where none is.
  std::vector<TimeRange> gaps(TimeRange range);
  // Events nested deeper than kMostLevels, which no row has room for.
  std::uint64_t left_out() const { return left_out_; }

 private:
  static constexpr std::uint16_t kMostLevels = 512, kNowhere = UINT16_MAX;

  void sort();
  template <class Visit>
  void for_each_range(const Visit& visit);
  std::vector<std::uint16_t> levels_of(std::span<const Ns> durations_of_long, std::size_t& levels);

  std::vector<Event> events_;
  // What 32 bits do not hold; sorted like events_.
  struct Long {
    Ns start, duration;
    std::uint32_t kind;
  };
  std::vector<Long> long_;
  std::uint64_t left_out_ = 0;
};

}  // namespace orrery::gui

#pragma once

#include <optional>
#include <span>
#include <vector>

#include "gui/model/store/event.h"
#include "gui/model/store/pyramid.h"

namespace orrery::gui {

// Events that follow each other in time and do not overlap: one nesting level of
// a track, one lane of the picture.
class Row {
 public:
  static constexpr std::uint32_t kLong = UINT32_MAX;
  struct LongDuration {
    std::uint32_t index;
    Ns duration;
  };

  Row(std::vector<Event> events, std::vector<LongDuration> long_durations, std::span<const EventClass> class_of_kind);

  std::uint32_t size() const { return static_cast<std::uint32_t>(events_.size()); }
  const Event& operator[](std::uint32_t index) const { return events_[index]; }
  std::span<const Event> events() const { return events_; }
  Ns start(std::uint32_t index) const { return events_[index].start; }
  Ns duration(std::uint32_t index) const;
  Ns end(std::uint32_t index) const { return events_[index].start + duration(index); }
  TimeRange range(std::uint32_t index) const { return {start(index), end(index)}; }
  TimeRange extent() const { return size() == 0 ? TimeRange() : TimeRange{start(0), end(size() - 1)}; }

  // The first event that ends after `when`, or size().
  std::uint32_t first_ending_after(Ns when) const;
  // The first event that starts at `when` or later, or size().
  std::uint32_t first_starting_from(Ns when) const;
  std::optional<std::uint32_t> at(Ns when) const;
  // Of events within `slack` of `when` the nearest: a pixel is wide.
  std::optional<std::uint32_t> near(Ns when, Ns slack) const;

  // One line of pixels: what each of pixels.size() equal parts of `view` shows.
  void sample(TimeRange view, std::span<const EventClass> class_of_kind, std::span<Pixel> pixels) const;

  std::size_t bytes() const;

 private:
  void sample_events(TimeRange view, std::span<const EventClass> class_of_kind, std::span<Pixel> pixels) const;

  std::vector<Event> events_;
  std::vector<LongDuration> long_;  // by index
  Pyramid pyramid_;
};

}  // namespace orrery::gui

#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "gui/model/store/event.h"
#include "gui/model/store/event_class.h"

namespace orrery::gui {

class Row;

// What one column of pixels shows of a row: the class that takes most of its
// time, one event of it, and how much of the column is taken at all.
struct Pixel {
  static constexpr std::uint32_t kNothing = UINT32_MAX;

  std::uint32_t event = kNothing;  // in the row
  std::uint16_t covered = 0;       // of 65535
  EventClass is = EventClass::other;
};

// A row seen from further and further away: cells of equal length, four events
// to a cell on average, and above them cells of four. So a line of pixels costs
// what the screen is wide and not what the run is long.
class Pyramid {
 public:
  static constexpr std::uint32_t kEventsPerCell = 4;
  static constexpr int kFanOut = 4;

  Pyramid() = default;
  Pyramid(const Row& row, std::span<const EventClass> class_of_kind);

  // Whether pixels of this length are wide enough to be made of cells.
  bool serves(double ns_per_pixel) const { return !levels_.empty() && ns_per_pixel >= static_cast<double>(cell_ns_); }
  // Only where it serves.
  void sample(TimeRange view, std::span<Pixel> pixels) const;

  std::size_t bytes() const;

 private:
  void build_base(const Row& row, std::span<const EventClass> class_of_kind);
  void build_above();

  Ns origin_ = 0;
  Ns cell_ns_ = 1;  // of the lowest level
  std::vector<std::vector<Pixel>> levels_;
};

}  // namespace orrery::gui

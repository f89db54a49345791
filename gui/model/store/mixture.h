#pragma once

#include <array>

#include "gui/model/store/pyramid.h"

namespace orrery::gui {

// Gathers what falls into one cell or pixel, and says which class had most of it.
class Mixture {
 public:
  // `share` of the cell, in any unit that the caller keeps to.
  void add(EventClass is, std::uint32_t event, double share) {
    Part& part = parts_[static_cast<std::size_t>(index_of(is))];
    if (part.share == 0) touched_[static_cast<std::size_t>(touched_count_++)] = is;
    if (share > part.longest) part.longest = share, part.event = event;
    part.share += share;
    total_ += share;
  }
  bool empty() const { return touched_count_ == 0; }

  // The pixel of a cell that is `whole` long; ready for the next one after it.
  Pixel take(double whole) {
    Pixel pixel;
    double most = -1;
    for (int i = 0; i < touched_count_; ++i) {
      const EventClass is = touched_[static_cast<std::size_t>(i)];
      Part& part = parts_[static_cast<std::size_t>(index_of(is))];
      if (part.share > most || (part.share == most && is < pixel.is))
        most = part.share, pixel.is = is, pixel.event = part.event;
      part = Part();
    }
    // What is there at all must show.
    const double covered = touched_count_ == 0 ? 0 : std::clamp(65535 * total_ / whole, 1.0, 65535.0);
    pixel.covered = static_cast<std::uint16_t>(covered);
    touched_count_ = 0;
    total_ = 0;
    return pixel;
  }

 private:
  struct Part {
    double share = 0, longest = 0;
    std::uint32_t event = Pixel::kNothing;
  };
  std::array<Part, kEventClasses> parts_{};
  std::array<EventClass, kEventClasses> touched_{};
  int touched_count_ = 0;
  double total_ = 0;
};

}  // namespace orrery::gui

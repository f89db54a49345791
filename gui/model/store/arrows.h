#pragma once

#include <span>
#include <vector>

#include "gui/model/store/event.h"

namespace orrery::gui {

// `to` could not begin, or not go on, before `from`.
struct Arrow {
  EventRef from, to;
  bool operator==(const Arrow&) const = default;
};

// All arrows of a trace, found from either end.
class Arrows {
 public:
  Arrows() = default;
  explicit Arrows(std::vector<Arrow> arrows);

  std::span<const Arrow> all() const { return by_from_; }
  std::span<const Arrow> out_of(EventRef event) const;
  std::span<const Arrow> into(EventRef event) const;

 private:
  std::vector<Arrow> by_from_, by_to_;
};

}  // namespace orrery::gui

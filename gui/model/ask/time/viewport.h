#pragma once

#include <vector>

#include "gui/model/store/event.h"

namespace orrery::gui {

// Which stretch of time the pixels of a picture show, and how one gets about in it.
class Viewport {
 public:
  static constexpr Ns kShortest = 100;  // of a view

  Viewport() = default;

  // What there is to see. The view is kept where it makes sense.
  void set_limits(TimeRange limits);
  void set_width(int pixels) { width_ = std::max(1, pixels); }
  TimeRange limits() const { return limits_; }
  TimeRange view() const { return view_; }
  int width() const { return width_; }
  double ns_per_pixel() const { return static_cast<double>(view_.length()) / width_; }

  double x_of(Ns when) const { return static_cast<double>(when - view_.begin) / ns_per_pixel(); }
  Ns at(double x) const { return view_.begin + static_cast<Ns>(x * ns_per_pixel()); }

  // Makes what is under x as many times as large; it stays under x.
  void zoom(double factor, double x);
  void pan(double pixels);
  // A jump, which back() undoes. `margin` on each side, as a share of the range.
  void show(TimeRange range, double margin = 0);
  // The same without a place in the history.
  void move_to(TimeRange range);
  void show_all() { show(limits_); }
  // Moves, without a change of scale, so that `when` lies within the picture.
  void reveal(Ns when);

  // Through places that were jumped away from.
  bool back();
  bool forward();

 private:
  void remember();

  TimeRange limits_{0, 1}, view_{0, 1};
  int width_ = 1;
  std::vector<TimeRange> behind_, ahead_;
};

}  // namespace orrery::gui

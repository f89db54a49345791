#pragma once

#include <string>

namespace orrery::report {

// SVG as it is drawn: boxes and lines in pixels, the extent growing with them.
class Canvas {
 public:
  void box(double x, double y, double width, double height, const std::string& fill, const std::string& label);
  // `tip` is shown when the pointer rests on it.
  void line(double x1, double y1, double x2, double y2, const std::string& colour, double width,
            const std::string& tip);
  // From one point to another at the same height, over `rise` pixels.
  void arc(double x1, double x2, double y, double rise, const std::string& colour, double width,
           const std::string& tip);
  void text(double x, double y, const std::string& text, const std::string& anchor = "start", int size = 12);

  double bottom() const { return bottom_; }
  std::string str() const;  // the whole document

 private:
  void reach(double x, double y);

  std::string lines_, boxes_;  // lines lie under boxes
  double right_ = 0, bottom_ = 0;
};

}  // namespace orrery::report

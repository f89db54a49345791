#pragma once

#include <QImage>
#include <vector>

#include "gui/view/timeline/scene/scene.h"

class QPainter;
class QRect;

namespace orrery::gui {

// Draws the lanes of a scene: one line of pixels a row, filled from the model and
// copied down, then what letters there is room for. Lanes and letters are measured in
// pixels of the screen's layout; the image may have several of its own to each of those
// (QImage::devicePixelRatio), and boxes are as fine as those are.
class LanePainter {
 public:
  explicit LanePainter(const Scene& scene) : scene_(scene) {}

  // `image` is the strip right of the headers; `lanes` are drawn `scroll` pixels of the layout further up.
  void paint(QImage& image, const std::vector<Lane>& lanes, int scroll);
  // The same as shapes, for a drawing of `size` that is scaled and printed.
  void paint_shapes(QPainter& painter, QSize size, const std::vector<Lane>& lanes, int scroll);

 private:
  void paint_rows(QImage& image, const Lane& lane, int y);
  void fill_row(QImage& image, std::uint32_t row, int top, int height);
  void fill_second_row(QImage& image, std::uint32_t row, int top, int height);
  void copy_line(QImage& image, int top, int height) const;
  // Colours of one line, and which of its columns are hatched: of a row of the first
  // trace, and of one of the second by how much longer its events take.
  void colour_row(std::uint32_t row);
  void colour_second_row(std::uint32_t row);
  template <class ColourOf, class PatternOf>
  void colour_line(const Row& row, TimeRange view, std::span<const EventClass> class_of_kind, const ColourOf& colour_of,
                   const PatternOf& pattern_of);
  void start(int width, double scale);
  int device(int layout) const;  // pixels of the image
  void paint_texts(QPainter& painter);
  void shape_row(QPainter& painter, std::uint32_t row, int top, int height);
  void shape_line(QPainter& painter, int top, int height) const;
  void shape_counter(QPainter& painter, std::uint32_t counter, int width, int y, int height);
  void find_texts(std::uint32_t row, int top, int height);
  void find_second_texts(std::uint32_t row, int top, int height);
  template <class ColourOf>
  void find_texts(const TraceModel& model, std::uint32_t row, int top, int height, const ColourOf& colour_of);
  void paint_counter(QImage& image, QPainter& painter, const Lane& lane, int y);
  void paint_heat(QImage& image, const Counter& counter, int y, int height);
  void paint_stack(QImage& image, const Counter& counter, int y, int height);
  void paint_second_sum(QPainter& painter, std::uint32_t counter, double top, int width, int y, int height) const;
  void paint_axis(QPainter& painter, const Counter& counter, double top_value, int width, int y, int height);
  double top_of(const Counter& counter) const;

  // A run of pixels of one event that is wide enough for letters.
  struct Text {
    const TraceModel* model;
    EventRef event;
    int left, width, top, height;
    QColor behind, colour;
  };

  const Scene& scene_;
  double scale_ = 1;  // pixels of the image to one of the layout
  std::vector<Pixel> pixels_;
  std::vector<QRgb> line_;
  std::vector<std::uint8_t> pattern_;  // of each column: 0 none
  std::vector<bool> marked_;
  std::vector<Text> texts_;
};

}  // namespace orrery::gui

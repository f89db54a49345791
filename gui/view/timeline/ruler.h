#pragma once

#include <QWidget>

#include "gui/view/timeline/scene/timeline_state.h"

namespace orrery::gui {

// Times above the lanes. Dragging measures; with Alt it zooms to what was dragged over.
class Ruler : public QWidget {
  Q_OBJECT

 public:
  explicit Ruler(TimelineState& state, QWidget* parent = nullptr);

  void draw(QPainter& painter);
  // What a measured stretch says: its length, how often it fits into a second, and,
  // within a selected transfer, how many bytes go by and how fast.
  QString measure_text(TimeRange range) const;

 protected:
  void changeEvent(QEvent* event) override;
  void paintEvent(QPaintEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void mouseReleaseEvent(QMouseEvent* event) override;

 private:
  void fit_font();
  TimeRange dragged(double to) const;
  void draw_measure(QPainter& painter);

  TimelineState& state_;
  std::optional<double> pressed_;
  bool zooms_ = false;
};

}  // namespace orrery::gui

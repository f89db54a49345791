#pragma once

#include <QImage>
#include <QWidget>

#include "gui/view/timeline/scene/timeline_state.h"

namespace orrery::gui {

// The whole trace in a strip, and a window on it that can be dragged.
class Minimap : public QWidget {
  Q_OBJECT

 public:
  static constexpr int kHeight = 36;
  explicit Minimap(TimelineState& state, QWidget* parent = nullptr);

  void draw(QPainter& painter);

 protected:
  void paintEvent(QPaintEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void wheelEvent(QWheelEvent* event) override;

 private:
  void draw_picture(double scale);
  void centre_on(double x);
  double x_of(Ns when) const;

  TimelineState& state_;
  QImage picture_;
  bool is_old_ = true;
};

}  // namespace orrery::gui

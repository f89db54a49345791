#pragma once

#include <QWidget>

#include "gui/view/timeline/timeline_state.h"

namespace orrery::gui {

// The names of the lanes, left of them. With the keyboard: up and down choose one,
// left and right collapse and expand it, P pins it.
class TrackTree : public QWidget {
  Q_OBJECT

 public:
  explicit TrackTree(TimelineState& state, QWidget* parent = nullptr);

  void draw(QPainter& painter);
  const Lane* lane_at(int y) const;

 protected:
  void paintEvent(QPaintEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void wheelEvent(QWheelEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  void contextMenuEvent(QContextMenuEvent* event) override;

 private:
  void draw_lane(QPainter& painter, const Lane& lane, int y, bool current);
  void show_menu(const Lane& lane, QPoint at);
  const Lane* current() const;

  TimelineState& state_;
};

}  // namespace orrery::gui

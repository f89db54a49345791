#pragma once

#include <QPoint>
#include <QWidget>
#include <optional>
#include <string>

#include "gui/view/timeline/scene/timeline_state.h"

namespace orrery::gui {

// The names of the lanes, left of them. With the keyboard: up and down choose one,
// left and right collapse and expand it, P pins it. A name can be dragged to another
// place among those beside it; a line shows where it would go.
class TrackTree : public QWidget {
  Q_OBJECT

 public:
  explicit TrackTree(TimelineState& state, QWidget* parent = nullptr);

  void draw(QPainter& painter);
  int head_height() const;
  bool at_edge(QPoint at) const;
  void set_width(int pixels);
  const Lane* lane_at(int y) const;

 protected:
  void paintEvent(QPaintEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void mouseReleaseEvent(QMouseEvent* event) override;
  void wheelEvent(QWheelEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  void contextMenuEvent(QContextMenuEvent* event) override;

 private:
  void draw_lane(QPainter& painter, const Lane& lane, int y, bool current);
  void show_menu(const Lane& lane, QPoint at);
  const Lane* current() const;
  void describe_current();
  void draw_drop(QPainter& painter) const;
  void find_drop(int y);

  // What the mouse went down on, and where it would be put if it were let go here.
  struct Drag {
    std::string path;
    QPoint from;
    bool moving = false;
    std::string beside;  // empty: nowhere
    bool behind = false;
    int line = 0;  // from the top of the widget
  };
  TimelineState& state_;
  bool widening_ = false;
  std::optional<Drag> drag_;
};

}  // namespace orrery::gui

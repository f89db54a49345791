#pragma once

#include <QImage>
#include <QWidget>
#include <optional>

#include "gui/view/timeline/scene/timeline_state.h"

namespace orrery::gui {

// The boxes. What lanes show is drawn into a picture that is kept; pointing,
// selecting and measuring draw on top of it.
class Canvas : public QWidget {
  Q_OBJECT

 public:
  explicit Canvas(TimelineState& state, QWidget* parent = nullptr);

  TimelineState& state() const { return state_; }
  // Which event is there; and where an event is, cut to what can be seen.
  EventRef event_at(QPoint at) const;
  QRect rect_of(EventRef event) const;
  // The same of the second trace, where there is one.
  EventRef second_at(QPoint at) const;
  QRect second_rect_of(EventRef event) const;
  // Draws all of it, as paintEvent does; and the same as shapes, for SVG.
  void draw(QPainter& painter);
  void draw_shapes(QPainter& painter);

 protected:
  void paintEvent(QPaintEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void mouseReleaseEvent(QMouseEvent* event) override;
  void mouseDoubleClickEvent(QMouseEvent* event) override;
  void wheelEvent(QWheelEvent* event) override;
  void leaveEvent(QEvent* event) override;
  bool event(QEvent* event) override;

 private:
  enum class Drag { none, press, pan, area, area_begin, area_end };

  struct Spot {  // what lies at a height
    const Lane* lane = nullptr;
    int y = 0;  // of the lane's top
  };
  Spot spot_at(int y) const;
  int canvas_y(const Lane& lane) const;
  EventRef near(const Row& row, std::uint32_t index, Ns when) const;
  QRect box_of(TimeRange range, int top, int height) const;
  int lanes_y(int y) const { return y - state_.scene().lanes.pinned_height() + state_.scene().scroll; }
  Drag edge_at(QPoint at) const;
  void drag_area(QPoint to);

  void refresh_picture(double scale);
  void draw_overlays(QPainter& painter);
  // Bottom to top:
  void draw_area(QPainter& painter);
  void draw_measure(QPainter& painter);
  void draw_notes(QPainter& painter);
  void draw_box(QPainter& painter, const QRect& box, const QColor& colour, int thickness);
  void draw_second_boxes(QPainter& painter);
  void draw_arrows(QPainter& painter, EventRef event);
  void draw_arrow(QPainter& painter, EventRef from, EventRef to);
  void draw_tip(QPainter& painter);
  QStringList tip_lines(EventRef event) const;
  QStringList counter_tip(QPoint at) const;
  QStringList second_tip(EventRef event) const;

  TimelineState& state_;
  QImage picture_;
  bool picture_is_old_ = true;
  std::optional<QPoint> pointer_;
  Drag drag_ = Drag::none;
  QPoint pressed_, last_;
};

}  // namespace orrery::gui

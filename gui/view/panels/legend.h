#pragma once

#include <QWidget>
#include <optional>
#include <vector>

#include "gui/view/timeline/scene/timeline_state.h"

namespace orrery::gui {

// Which colour, and which hatching, is what: of the classes that the trace has, and of a
// second trace. In as many lines as that takes.
class Legend : public QWidget {
  Q_OBJECT

 public:
  explicit Legend(TimelineState& state, QWidget* parent = nullptr);

  // Of two traces that are compared; none: of one.
  void set_aligned(std::optional<Alignment> aligned);
  QStringList texts() const;

 protected:
  void paintEvent(QPaintEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;

 private:
  struct Entry {
    QString text;
    std::optional<QColor> colour;  // none: a heading
    std::uint8_t pattern = 0;
    QPoint at;
  };
  void refill();
  void add_differences();
  void lay_out();
  void draw(QPainter& painter, const Entry& entry) const;
  int width_of(const Entry& entry) const;

  TimelineState& state_;
  std::vector<EventClass> classes_;
  std::optional<Alignment> aligned_;
  std::vector<Entry> entries_;
};

}  // namespace orrery::gui

#include "gui/view/panels/legend.h"

#include <QPainter>
#include <array>

#include "gui/view/quantity_text.h"

namespace orrery::gui {

namespace {

QString heading(const SecondTrace& second) {
  const Alignment& alignment = second.alignment;
  if (alignment.steps_a().size() == 1 && alignment.steps_b().size() == 1) return QObject::tr("Second, below:");
  return QObject::tr("Second, below, its step %1 on step %2:").arg(alignment.b().number).arg(alignment.a().number);
}

}  // namespace

Legend::Legend(TimelineState& state, QWidget* parent) : QWidget(parent), state_(state) {
  setFixedHeight(fontMetrics().height() + 8);
  connect(&state_, &TimelineState::model_changed, this, [this] {
    // Kind 0 is nobody's.
    const auto& kinds = state_.model().class_of_kind();
    std::array<bool, kEventClasses> found{};
    for (std::size_t i = 1; i < kinds.size(); ++i) found[static_cast<std::size_t>(index_of(kinds[i]))] = true;
    classes_.clear();
    for (int c = 0; c < kEventClasses; ++c)
      if (found[static_cast<std::size_t>(c)]) classes_.push_back(static_cast<EventClass>(c));
    update();
  });
  connect(&state_, &TimelineState::picture_changed, this, [this] { update(); });
}

void Legend::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  const Scene& scene = state_.scene();
  painter.fillRect(rect(), scene.theme->window);
  painter.setPen(scene.theme->border);
  painter.drawLine(0, 0, width(), 0);
  int x = 8;
  const int middle = height() / 2;
  const auto entry = [&](const QColor& colour, const QString& text, bool hatched) {
    const QRect box(x, middle - 5, 12, 10);
    painter.fillRect(box, colour);
    if (hatched) painter.fillRect(box, QBrush(scene.theme->lanes, Qt::BDiagPattern));
    painter.setPen(scene.theme->text);
    painter.drawText(x + 17, middle + painter.fontMetrics().ascent() / 2 - 1, text);
    x += 17 + painter.fontMetrics().horizontalAdvance(text) + 16;
  };
  if (scene.second) {
    painter.setPen(scene.theme->muted);
    const QString second = heading(*scene.second);
    painter.drawText(x, middle + painter.fontMetrics().ascent() / 2 - 1, second);
    x += painter.fontMetrics().horizontalAdvance(second) + 10;
    entry(QColor(scene.differences.of(0)), tr("as long"), false);
    entry(QColor(scene.differences.of(kMostDifference)), tr("twice"), false);
    entry(QColor(scene.differences.of(-kMostDifference)), tr("half"), false);
    entry(QColor(scene.differences.alone()), tr("only there"), false);
  }
  for (const EventClass c : classes_)
    entry(scene.theme->of(c), q(to_string(c)), c == EventClass::bubble || c == EventClass::exposed);
  if (scene.show_critical) entry(scene.theme->critical, tr("critical path"), false);
  if (!scene.hits.empty()) entry(scene.theme->mark, tr("search hit"), false);
}

}  // namespace orrery::gui

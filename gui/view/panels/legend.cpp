#include "gui/view/panels/legend.h"

#include <QPainter>
#include <array>

#include "gui/view/quantity_text.h"
#include "gui/view/timeline/paint/line_pattern.h"

namespace orrery::gui {
namespace {

constexpr int kBox = 12, kGap = 16, kMargin = 8;

QString heading(const Alignment& alignment) {
  if (alignment.steps_a().size() == 1 && alignment.steps_b().size() == 1) return QObject::tr("Second:");
  return QObject::tr("Second, its step %1 on step %2:").arg(alignment.b().number).arg(alignment.a().number);
}

// As a line of the timeline would be.
QImage swatch(const QColor& colour, std::uint8_t pattern, const QColor& background) {
  QImage box(kBox, kBox - 2, QImage::Format_RGB32);
  for (int y = 0; y < box.height(); ++y)
    for (int x = 0; x < box.width(); ++x)
      box.setPixel(x, y, is_gap_of(pattern, x, y) ? blend(colour.rgb(), background.rgb(), 110) : colour.rgb());
  return box;
}

}  // namespace

Legend::Legend(TimelineState& state, QWidget* parent) : QWidget(parent), state_(state) {
  connect(&state_, &TimelineState::model_changed, this, [this] {
    // Kind 0 is nobody's.
    const auto& kinds = state_.model().class_of_kind();
    std::array<bool, kEventClasses> found{};
    for (std::size_t i = 1; i < kinds.size(); ++i) found[static_cast<std::size_t>(index_of(kinds[i]))] = true;
    classes_.clear();
    for (int c = 0; c < kEventClasses; ++c)
      if (found[static_cast<std::size_t>(c)]) classes_.push_back(static_cast<EventClass>(c));
    refill();
  });
  connect(&state_, &TimelineState::picture_changed, this, &Legend::refill);
  refill();
}

void Legend::set_aligned(std::optional<Alignment> aligned) {
  aligned_ = std::move(aligned);
  refill();
}

QStringList Legend::texts() const {
  QStringList texts;
  for (const Entry& entry : entries_) texts << entry.text;
  return texts;
}

void Legend::refill() {
  const Scene& scene = state_.scene();
  const QStringList before = texts();
  entries_.clear();
  if (aligned_) add_differences();
  for (const EventClass c : classes_)
    entries_.push_back({q(to_string(c)), scene.theme->of(c), pattern_of_class(c, scene.theme->patterns), {}});
  if (scene.show_critical) entries_.push_back({tr("critical path"), scene.theme->critical, 0, {}});
  if (!scene.hits.empty()) entries_.push_back({tr("search hit"), scene.theme->mark, 0, {}});
  lay_out();
  if (texts() != before) setAccessibleName(tr("Legend: %1").arg(texts().join(", ")));
  update();
}

void Legend::add_differences() {
  const Scene& scene = state_.scene();
  entries_.push_back({heading(*aligned_), std::nullopt, 0, {}});
  const auto add = [&](const QString& text, Difference difference) {
    const bool patterns = scene.theme->patterns && scene.second;
    const Pattern pattern = patterns ? pattern_of_difference(difference) : kPlain;
    entries_.push_back({text, QColor(scene.differences.of(difference)), pattern, {}});
  };
  add(tr("as long"), 0);
  add(tr("twice"), kMostDifference);
  add(tr("half"), -kMostDifference);
  if (scene.second) add(tr("only there"), kAlone);
}

int Legend::width_of(const Entry& entry) const {
  return fontMetrics().horizontalAdvance(entry.text) + (entry.colour ? kBox + 5 + kGap : 10);
}

void Legend::lay_out() {
  const int line = fontMetrics().height() + 8;
  QPoint at(kMargin, 0);
  for (Entry& entry : entries_) {
    const int wide = width_of(entry);
    if (at.x() + wide - kGap > width() - kMargin && at.x() > kMargin) at = {kMargin, at.y() + line - 4};
    entry.at = at;
    at.rx() += wide;
  }
  if (const int high = at.y() + line; high != height()) setFixedHeight(high);
}

void Legend::resizeEvent(QResizeEvent*) {
  lay_out();
}

void Legend::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  const Theme& theme = *state_.scene().theme;
  painter.fillRect(rect(), theme.window);
  painter.setPen(theme.border);
  painter.drawLine(0, 0, width(), 0);
  for (const Entry& entry : entries_) draw(painter, entry);
}

void Legend::draw(QPainter& painter, const Entry& entry) const {
  const Theme& theme = *state_.scene().theme;
  const int middle = entry.at.y() + (fontMetrics().height() + 8) / 2;
  const int base = middle + painter.fontMetrics().ascent() / 2 - 1;
  painter.setPen(entry.colour ? theme.text : theme.muted);
  painter.drawText(entry.at.x() + (entry.colour ? kBox + 5 : 0), base, entry.text);
  if (entry.colour)
    painter.drawImage(entry.at.x(), middle - kBox / 2 + 1, swatch(*entry.colour, entry.pattern, theme.lanes));
}

}  // namespace orrery::gui

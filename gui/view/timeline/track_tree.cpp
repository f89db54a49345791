#include "gui/view/timeline/track_tree.h"

#include <QApplication>
#include <QContextMenuEvent>
#include <QKeyEvent>
#include <QMenu>
#include <QMouseEvent>
#include <QPainter>
#include <QWheelEvent>
#include <utility>

#include "gui/model/ask/lanes/reorder.h"
#include "gui/view/quantity_text.h"

namespace orrery::gui {
namespace {

constexpr int kIndent = 12, kMark = 14;
constexpr int kLeastWidth = 110, kEdge = 5;  // the edge within which the width is held

}  // namespace

TrackTree::TrackTree(TimelineState& state, QWidget* parent) : QWidget(parent), state_(state) {
  setFocusPolicy(Qt::StrongFocus);
  setAttribute(Qt::WA_OpaquePaintEvent);
  setMouseTracking(true);
  setAccessibleName(tr("Tracks"));
  for (const auto changed : {&TimelineState::picture_changed, &TimelineState::overlay_changed})
    connect(&state_, changed, this, [this] {
      describe_current();
      update();
    });
}

// Screen readers have the lane that the keys speak of.
void TrackTree::describe_current() {
  const Lane* lane = current();
  QString text;
  if (lane != nullptr) text = q(lane->label);
  if (lane != nullptr && lane->can_collapse) text += lane->collapsed ? tr(", collapsed") : tr(", expanded");
  if (text != accessibleDescription()) setAccessibleDescription(text);
}

void TrackTree::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  draw(painter);
}

void TrackTree::draw(QPainter& painter) {
  const Scene& scene = state_.scene();
  painter.fillRect(rect(), scene.theme->window);
  const int pinned = scene.lanes.pinned_height();
  painter.setClipRect(QRect(0, pinned, width(), height() - pinned));
  for (std::size_t i = 0; i < scene.lanes.all().size(); ++i) {
    const Lane& lane = scene.lanes.all()[i];
    const int y = lane.y - scene.scroll + pinned;
    if (y + lane.height >= pinned && y < height())
      draw_lane(painter, lane, y, static_cast<int>(i) == state_.current_lane());
  }
  painter.setClipRect(QRect(0, 0, width(), pinned));
  for (const Lane& lane : scene.lanes.pinned()) draw_lane(painter, lane, lane.y, false);
  painter.setClipping(false);
  painter.setPen(scene.theme->border);
  painter.drawLine(width() - 1, 0, width() - 1, height());
  if (pinned > 0) {
    painter.setPen(scene.theme->accent);
    painter.drawLine(0, pinned - 1, width(), pinned - 1);
  }
  draw_drop(painter);
}

// That a name takes of a lane which is higher.
int TrackTree::head_height() const {
  return std::max(22, fontMetrics().height() + 4);
}

void TrackTree::draw_lane(QPainter& painter, const Lane& lane, int y, bool current) {
  const Theme& theme = *state_.scene().theme;
  const QRect box(0, y, width() - 1, lane.height);
  const bool head = lane.is_head();
  if (head) painter.fillRect(box, theme.header);
  if (current) {
    QColor shade = theme.accent;
    shade.setAlpha(40);
    painter.fillRect(box, shade);
    painter.fillRect(QRect(0, y, 3, lane.height), theme.accent);
  }
  const int left = 6 + lane.depth * kIndent;
  if (lane.can_collapse) {  // a small triangle, down when open
    const QPointF c(left + 4, y + std::min(lane.height, head_height()) / 2.0);
    QPolygonF mark = lane.collapsed ? QPolygonF({c + QPointF(-2, -4), c + QPointF(3, 0), c + QPointF(-2, 4)})
                                    : QPolygonF({c + QPointF(-4, -2), c + QPointF(4, -2), c + QPointF(0, 3)});
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(theme.muted);
    painter.drawPolygon(mark);
  }
  QFont font = this->font();
  font.setBold(head);
  painter.setFont(font);
  painter.setPen(head ? theme.text : theme.muted.lightness() < 128 ? theme.text.lighter(130) : theme.text.darker(115));
  const QRect room(left + kMark, y, width() - left - kMark - 6, std::min(lane.height, head_height()));
  painter.drawText(room, Qt::AlignVCenter | Qt::AlignLeft,
                   painter.fontMetrics().elidedText(q(lane.label), Qt::ElideMiddle, room.width()));
  if (lane.is == Lane::Is::counter && state_.model().counters()[lane.index].series.size() > 1 && lane.height >= 40) {
    // Which colour is which part.
    const Counter& counter = state_.model().counters()[lane.index];
    int x = left + kMark;
    QFont small = this->font();
    small.setPointSizeF(small.pointSizeF() * 0.78);
    painter.setFont(small);
    for (std::size_t s = 0; s < counter.series.size() && x < width() - 20; ++s) {
      const QString name = q(counter.series[s].name).left(5);
      painter.fillRect(QRect(x, y + lane.height - 17, 6, 8), theme.series[s % theme.series.size()]);
      painter.setPen(theme.muted);
      painter.drawText(x + 8, y + lane.height - 9, name);
      x += 14 + painter.fontMetrics().horizontalAdvance(name);
    }
  }
  painter.setPen(theme.grid);
  painter.drawLine(0, y + lane.height - 1, width(), y + lane.height - 1);
}

const Lane* TrackTree::lane_at(int y) const {
  const Lanes& lanes = state_.scene().lanes;
  if (y < lanes.pinned_height()) {
    for (const Lane& lane : lanes.pinned())
      if (y >= lane.y && y < lane.y + lane.height) return &lane;
    return nullptr;
  }
  const int index = lanes.at(y - lanes.pinned_height() + state_.scene().scroll);
  return index < 0 ? nullptr : &lanes.all()[static_cast<std::size_t>(index)];
}

const Lane* TrackTree::current() const {
  const auto& lanes = state_.scene().lanes.all();
  const int at = state_.current_lane();
  return at >= 0 && at < static_cast<int>(lanes.size()) ? &lanes[static_cast<std::size_t>(at)] : nullptr;
}

bool TrackTree::at_edge(QPoint at) const {
  return at.x() >= width() - kEdge;
}

void TrackTree::set_width(int pixels) {
  LaneChoices choices = state_.choices();
  choices.name_width = std::clamp(pixels, kLeastWidth, std::max(kLeastWidth, window()->width() / 2));
  state_.set_choices(std::move(choices));
}

void TrackTree::mousePressEvent(QMouseEvent* event) {
  widening_ = event->button() == Qt::LeftButton && at_edge(event->pos());
  if (widening_) return;
  const Lane* lane = lane_at(event->pos().y());
  if (lane == nullptr || event->button() != Qt::LeftButton) return;
  const bool pinned = event->pos().y() < state_.scene().lanes.pinned_height();
  drag_ = Drag{lane->path, event->pos(), false, "", false, 0};
  if (!pinned) state_.set_current_lane(state_.scene().lanes.at(lane->y));
}

void TrackTree::mouseMoveEvent(QMouseEvent* event) {
  if (widening_) return set_width(event->pos().x());
  if (!drag_) setCursor(at_edge(event->pos()) ? Qt::SplitHCursor : Qt::ArrowCursor);
  if (!drag_ || (event->buttons() & Qt::LeftButton) == 0) return;
  if ((event->pos() - drag_->from).manhattanLength() >= QApplication::startDragDistance()) drag_->moving = true;
  if (!drag_->moving) return;
  setCursor(Qt::ClosedHandCursor);
  find_drop(event->pos().y());
  update();
}

// Before the one under the pointer, or behind it, whichever edge is nearer.
void TrackTree::find_drop(int y) {
  drag_->beside.clear();
  const int pinned = state_.scene().lanes.pinned_height();
  const Lane* lane = y < pinned ? nullptr : lane_at(y);
  if (lane == nullptr) return;
  const std::vector<std::string> siblings = siblings_of(state_.scene().lanes, drag_->path);
  // A process ends where its last track does, so that any of them stands for it.
  const auto& lanes = state_.scene().lanes.all();
  const auto is_sibling = [&](const Lane& one) {
    return std::find(siblings.begin(), siblings.end(), one.path) != siblings.end();
  };
  auto first = static_cast<std::size_t>(lane - lanes.data());
  while (first > 0 && !is_sibling(lanes[first])) --first;
  if (!is_sibling(lanes[first]) || lanes[first].path == drag_->path) return;
  std::size_t last = first;
  while (last + 1 < lanes.size() && lanes[last + 1].depth > lanes[first].depth) ++last;
  const int top = lanes[first].y, bottom = lanes[last].y + lanes[last].height;
  const int at = y - pinned + state_.scene().scroll;
  drag_->beside = lanes[first].path;
  drag_->behind = at > (top + bottom) / 2;
  drag_->line = (drag_->behind ? bottom : top) + pinned - state_.scene().scroll;
}

void TrackTree::mouseReleaseEvent(QMouseEvent* event) {
  if (std::exchange(widening_, false)) return;
  const std::optional<Drag> drag = std::exchange(drag_, std::nullopt);
  if (!drag || event->button() != Qt::LeftButton) return;
  unsetCursor();
  update();
  if (drag->moving) {
    if (!drag->beside.empty()) state_.move_beside(drag->path, drag->beside, drag->behind);
    return;
  }
  const Lane* lane = lane_at(event->pos().y());
  if (lane == nullptr || lane->path != drag->path) return;
  const bool mark = event->pos().x() < 20 + lane->depth * kIndent;
  if (lane->is_head() || mark) state_.toggle_collapsed(Lane(*lane));
}

void TrackTree::draw_drop(QPainter& painter) const {
  if (!drag_ || !drag_->moving || drag_->beside.empty()) return;
  painter.setPen(QPen(state_.scene().theme->accent, 2));
  painter.drawLine(0, drag_->line, width(), drag_->line);
}

void TrackTree::wheelEvent(QWheelEvent* event) {
  state_.scroll(-event->angleDelta().y() / 2);
  event->accept();
}

void TrackTree::keyPressEvent(QKeyEvent* event) {
  const Lane* lane = current();
  switch (event->key()) {
    case Qt::Key_Up:
      state_.set_current_lane(std::max(0, state_.current_lane() - 1));
      break;
    case Qt::Key_Down:
      state_.set_current_lane(state_.current_lane() + 1);
      break;
    case Qt::Key_Left:
      if (lane != nullptr && !lane->collapsed) state_.toggle_collapsed(Lane(*lane));
      break;
    case Qt::Key_Right:
      if (lane != nullptr && lane->collapsed) state_.toggle_collapsed(Lane(*lane));
      break;
    case Qt::Key_P:
      if (lane != nullptr) state_.toggle_pinned(Lane(*lane));
      break;
    case Qt::Key_Return:
    case Qt::Key_Space:
      if (lane != nullptr) state_.toggle_collapsed(Lane(*lane));
      break;
    default:
      QWidget::keyPressEvent(event);
  }
}

void TrackTree::contextMenuEvent(QContextMenuEvent* event) {
  // By the key it is of the current lane, wherever the pointer is.
  const bool by_key = event->reason() == QContextMenuEvent::Keyboard;
  const Lane* lane = by_key ? current() : lane_at(event->y());
  if (lane == nullptr) return;
  const int y = lane->y + state_.scene().lanes.pinned_height() - state_.scene().scroll + lane->height / 2;
  show_menu(*lane, by_key ? mapToGlobal(QPoint(width() / 2, y)) : event->globalPos());
}

void TrackTree::show_menu(const Lane& at, QPoint where) {
  const Lane lane = at;  // choosing makes new ones
  auto* menu = new QMenu(this);
  menu->setAttribute(Qt::WA_DeleteOnClose);
  if (lane.can_collapse)
    menu->addAction(lane.collapsed ? tr("Expand") : tr("Collapse"), this, [=, this] { state_.toggle_collapsed(lane); });
  if (TimelineState::can_pin(lane))
    menu->addAction(lane.pinned ? tr("Unpin") : tr("Pin to the top"), this, [=, this] { state_.toggle_pinned(lane); });
  if (lane.is != Lane::Is::group)
    menu->addAction(tr("Move to the front"), this, [=, this] { state_.move_to_top(lane); });
  menu->addSeparator();
  menu->addAction(tr("Expand all"), this, [this] { state_.set_all_collapsed(false); });
  menu->addAction(tr("Collapse all"), this, [this] { state_.set_all_collapsed(true); });
  menu->popup(where);
}

}  // namespace orrery::gui

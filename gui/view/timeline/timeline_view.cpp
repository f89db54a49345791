#include "gui/view/timeline/timeline_view.h"

#include <QGridLayout>
#include <QLabel>
#include <QScrollBar>

#include "gui/view/timeline/canvas/canvas.h"
#include "gui/view/timeline/minimap.h"
#include "gui/view/timeline/ruler.h"
#include "gui/view/timeline/track_tree.h"

namespace orrery::gui {
TimelineView::TimelineView(QWidget* parent)
    : QWidget(parent),
      state_(new TimelineState(this)),
      canvas_(new Canvas(*state_, this)),
      tree_(new TrackTree(*state_, this)),
      ruler_(new Ruler(*state_, this)),
      minimap_(new Minimap(*state_, this)),
      corner_(new QLabel(this)),
      scroll_bar_(new QScrollBar(Qt::Vertical, this)) {
  auto* grid = new QGridLayout(this);
  grid->setContentsMargins(0, 0, 0, 0);
  grid->setSpacing(0);
  corner_->setMargin(6);
  corner_->setTextFormat(Qt::PlainText);
  grid->addWidget(corner_, 0, 0, 2, 1);
  grid->addWidget(minimap_, 0, 1);
  grid->addWidget(ruler_, 1, 1);
  grid->addWidget(tree_, 2, 0);
  grid->addWidget(canvas_, 2, 1);
  grid->addWidget(scroll_bar_, 0, 2, 3, 1);
  grid->setColumnStretch(1, 1);
  grid->setRowStretch(2, 1);
  connect(state_, &TimelineState::choices_changed, this, &TimelineView::keep_width);
  keep_width();
  connect(scroll_bar_, &QScrollBar::valueChanged, state_, &TimelineState::set_scroll);
  connect(state_, &TimelineState::picture_changed, this, [this] { keep_scroll_bar(); });
  connect(state_, &TimelineState::picture_changed, this, [this] {
    const QPalette palette = state_->scene().theme->palette();
    if (palette != this->palette()) setPalette(palette);
  });
  setAutoFillBackground(true);
  setFocusProxy(canvas_);
}

void TimelineView::set_title(const QString& title) {
  corner_->setToolTip(title);
  QStringList lines;
  for (const QString& line : title.split('\n'))
    lines << corner_->fontMetrics().elidedText(line, Qt::ElideMiddle, corner_->width() - 2 * corner_->margin());
  corner_->setText(lines.join('\n'));
}

void TimelineView::keep_width() {
  const int wide = state_->choices().name_width;
  if (tree_->width() == wide && corner_->width() == wide) return;
  tree_->setFixedWidth(wide);
  corner_->setFixedWidth(wide);
  set_title(corner_->toolTip());
}

void TimelineView::keep_scroll_bar() {
  const QSignalBlocker quiet(scroll_bar_);
  scroll_bar_->setRange(0, state_->most_scroll());
  scroll_bar_->setPageStep(std::max(1, canvas_->height()));
  scroll_bar_->setSingleStep(20);
  scroll_bar_->setValue(state_->scene().scroll);
}

}  // namespace orrery::gui

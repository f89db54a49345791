#include "gui/view/panels/area_panel.h"

#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QTreeWidget>

#include "gui/model/ask/time/ticks.h"
#include "gui/model/ask/work/area.h"
#include "gui/view/quantity_text.h"
#include "report/text.h"

namespace orrery::gui {
namespace {

constexpr std::size_t kMostNames = 200;
constexpr int kLaterMs = 120;  // totals follow when the hand rests

QTreeWidget* table(const QStringList& head, QWidget* parent) {
  auto* tree = new QTreeWidget(parent);
  tree->setHeaderLabels(head);
  tree->setRootIsDecorated(false);
  tree->setAlternatingRowColors(true);
  for (int i = 1; i < head.size(); ++i) {
    tree->headerItem()->setTextAlignment(i, Qt::AlignRight);
    tree->header()->setSectionResizeMode(i, QHeaderView::ResizeToContents);
  }
  tree->header()->setStretchLastSection(false);
  tree->header()->setSectionResizeMode(0, QHeaderView::Stretch);
  return tree;
}

void add(QTreeWidget* tree, const QStringList& cells, const QColor& swatch) {
  auto* item = new QTreeWidgetItem(tree, cells);
  QPixmap square(10, 10);
  square.fill(swatch);
  item->setIcon(0, QIcon(square));
  for (int i = 1; i < cells.size(); ++i) item->setTextAlignment(i, Qt::AlignRight | Qt::AlignVCenter);
}

QString share_text(Ns part, Ns whole) {
  return whole > 0 ? q(report::percent(static_cast<double>(part) / static_cast<double>(whole))) : QString();
}

}  // namespace

AreaPanel::AreaPanel(TimelineState& state, QWidget* parent)
    : QWidget(parent),
      state_(state),
      head_(new QLabel(this)),
      classes_(table({tr("Class"), tr("Time"), tr("Share"), tr("Exposed"), tr("Events")}, this)),
      names_(table({tr("Name"), tr("Time"), tr("Events"), tr("Mean"), tr("Rate")}, this)),
      asker_(new Asker(this)) {
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(2);
  column->addWidget(head_);
  auto* row = new QHBoxLayout;
  row->addWidget(classes_, 5);
  row->addWidget(names_, 6);
  column->addLayout(row);
  head_->setContentsMargins(6, 3, 6, 0);
  classes_->setAccessibleName(tr("Time by class"));
  names_->setAccessibleName(tr("Time by name"));
  later_.setSingleShot(true);
  later_.setInterval(kLaterMs);
  connect(&later_, &QTimer::timeout, this, [this] {
    if (isVisible()) ask();
  });
  connect(asker_, &Asker::progress, this, [this](double share) {
    if (share > 0) head_->setText(tr("Adding up: %1").arg(q(report::percent(share))));
  });
  // What was asked before is of no use: somebody looks elsewhere.
  const auto soon = [this] {
    asker_->give_up();
    later_.start();
  };
  connect(&state_, &TimelineState::area_changed, this, soon);
  connect(&state_, &TimelineState::picture_changed, this, soon);
}

AreaPanel::Part AreaPanel::part() const {
  const bool whole = !state_.area();
  const Lanes& lanes = state_.scene().lanes;
  return {state_.scene().model, whole ? lanes.tracks_between(state_.model(), 0, lanes.height()) : state_.area_tracks(),
          whole ? state_.scene().viewport.view() : state_.area()->range, whole};
}

void AreaPanel::refill() {
  const Part of = part();
  fill(of, totals_of(*of.model, of.tracks, of.range));
}

void AreaPanel::ask() {
  asker_->ask([this, of = part()](const GoOn& go_on) -> Asked::Then {
    const AreaTotals totals = totals_of(*of.model, of.tracks, of.range, go_on);
    return [this, of, totals] { fill(of, totals); };
  });
}

void AreaPanel::fill(const Part& part, const AreaTotals& totals) {
  const QString tracks = part.tracks.size() == 1 ? tr("1 track") : tr("%L1 tracks").arg(part.tracks.size());
  const QString events = totals.events == 1 ? tr("1 event") : tr("%L1 events").arg(totals.events);
  head_->setText(
      tr("%1   %2 on %3, %4")
          .arg(part.whole ? tr("In view:") : tr("Area:"), q(time_text(part.range.length())), tracks, events));
  fill_classes(part, totals);
  fill_names(part, totals);
}

void AreaPanel::fill_classes(const Part& part, const AreaTotals& totals) {
  // Shares are of the time that all ranks with such tracks had.
  const Ns all = part.range.length() * std::max<Ns>(1, totals.processes);
  classes_->clear();
  for (std::size_t i = 0; i < kEventClasses; ++i) {
    if (totals.count[i] == 0) continue;
    const auto is = static_cast<EventClass>(i);
    add(classes_,
        {q(to_string(is)), q(time_text(totals.by_class[i])), share_text(totals.by_class[i], all),
         is_communication(is) ? q(time_text(totals.exposed[i])) : QString(), QString("%L1").arg(totals.count[i])},
        state_.scene().theme->of(is));
  }
}

void AreaPanel::fill_names(const Part& part, const AreaTotals& totals) {
  names_->clear();
  for (std::size_t i = 0; i < std::min(kMostNames, totals.names.size()); ++i) {
    const AreaTotals::Name& name = totals.names[i];
    const QString rate =
        name.bytes > 0 && name.time > 0
            ? quantity_text(static_cast<double>(name.bytes) * 1e9 / static_cast<double>(name.time), "B/s")
            : QString();
    add(names_,
        {q(part.model->names()[name.name]), q(time_text(name.time)), QString("%L1").arg(name.count),
         q(time_text(name.time / static_cast<Ns>(name.count))), rate},
        state_.scene().theme->of(name.is));
  }
}

}  // namespace orrery::gui

#include "gui/view/charts/kit/table_chart.h"

#include <QChartView>
#include <QHeaderView>
#include <QLabel>
#include <QLayout>
#include <QLogValueAxis>
#include <QTreeWidget>
#include <algorithm>
#include <cmath>

namespace orrery::gui {

TableChart::TableChart(TimelineState& state, const QString& accessible_name, const QStringList& head, QWidget* parent,
                       int table_share)
    : ChartPanel(state, accessible_name, parent), table_(new QTreeWidget(this)), note_(new QLabel(this)) {
  table_->setHeaderLabels(head);
  table_->setRootIsDecorated(false);
  table_->setAlternatingRowColors(true);
  table_->setUniformRowHeights(true);
  table_->header()->setStretchLastSection(false);
  table_->header()->setSectionResizeMode(QHeaderView::ResizeToContents);
  table_->header()->setSectionResizeMode(0, QHeaderView::Stretch);
  for (int i = 1; i < head.size(); ++i) table_->headerItem()->setTextAlignment(i, Qt::AlignRight | Qt::AlignVCenter);
  table_->setAccessibleName(accessible_name);
  // The chart keeps its place, and the table is right of it.
  auto* row = new QHBoxLayout;
  layout()->removeWidget(view_);
  row->addWidget(view_, 100 - table_share);
  row->addWidget(table_, table_share);
  auto* column = static_cast<QVBoxLayout*>(layout());
  column->addWidget(note_);
  column->addLayout(row, 1);
  note_->setWordWrap(true);
  note_->setTextFormat(Qt::PlainText);
  note_->setContentsMargins(6, 4, 6, 2);
  note_->hide();
}

void TableChart::clear_table() {
  table_->clear();
}

void TableChart::say(const QString& note) {
  note_->setText(note);
  note_->setVisible(!note.isEmpty());
}

void TableChart::add_row(const QStringList& cells) {
  if (table_->topLevelItemCount() >= kMostListed) return;
  auto* item = new QTreeWidgetItem(table_, cells);
  for (int i = 1; i < cells.size(); ++i) item->setTextAlignment(i, Qt::AlignRight | Qt::AlignVCenter);
}

QLogValueAxis* log_axis(const QString& title, double least, double most, double base) {
  constexpr double kSmallest = 1e-9;
  const auto power = [&](double value, auto round) {
    return std::pow(base, round(std::log(std::max(kSmallest, value)) / std::log(base)));
  };
  auto* axis = new QLogValueAxis;
  axis->setBase(base);
  axis->setTitleText(title);
  axis->setLabelFormat("%g");
  axis->setMinorTickCount(0);
  axis->setRange(power(least, [](double x) { return std::floor(x); }),
                 power(most * 1.01, [](double x) { return std::ceil(x); }));
  return axis;
}

}  // namespace orrery::gui

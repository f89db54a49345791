#include "gui/view/panels/changes_table.h"

#include <QHeaderView>

#include "gui/model/ask/time/ticks.h"
#include "gui/view/quantity_text.h"
#include "report/text.h"

namespace orrery::gui {
namespace {

constexpr std::size_t kMostListed = 500;

}  // namespace

ChangesTable::ChangesTable(QWidget* parent) : QTreeWidget(parent) {
  setHeaderLabels({tr("Operation"), tr("A, a rank"), tr("B, a rank"), tr("B - A"), tr("Change"), tr("Events")});
  setRootIsDecorated(false);
  setAlternatingRowColors(true);
  header()->setStretchLastSection(false);
  header()->setSectionResizeMode(QHeaderView::ResizeToContents);
  header()->setSectionResizeMode(0, QHeaderView::Stretch);
  setAccessibleName(tr("What changed, the most first"));
}

void ChangesTable::show_changes(const Comparison& comparison, const Theme& theme) {
  clear();
  const auto text = [](double ns) { return q(time_text(static_cast<Ns>(ns))); };
  for (std::size_t i = 0; i < std::min(kMostListed, comparison.changes().size()); ++i) {
    const Comparison::Change& change = comparison.changes()[i];
    const QString by = (change.difference() > 0 ? "+" : "") + text(change.difference());
    const QString share =
        change.time_a > 0 ? q(report::signed_percent(change.difference() / change.time_a)) : tr("only in B");
    auto* item = new QTreeWidgetItem(this, {q(change.name), text(change.time_a), text(change.time_b), by,
                                            change.time_b > 0 ? share : tr("only in A"),
                                            QString("%L1 / %L2").arg(change.count_a).arg(change.count_b)});
    QPixmap square(10, 10);
    square.fill(theme.of(change.is));
    item->setIcon(0, QIcon(square));
    for (int c = 1; c < 6; ++c) item->setTextAlignment(c, Qt::AlignRight | Qt::AlignVCenter);
  }
}

}  // namespace orrery::gui

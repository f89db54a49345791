#include "gui/view/panels/keys_dialog.h"

#include <QHeaderView>
#include <QTableWidget>
#include <QVBoxLayout>

namespace orrery::gui {

KeysDialog::KeysDialog(const std::vector<Command>& commands, QWidget* parent) : QDialog(parent) {
  setWindowTitle(tr("Keys and mouse"));
  setAttribute(Qt::WA_DeleteOnClose);
  resize(560, 640);
  auto* table = new QTableWidget(0, 2, this);
  table->setHorizontalHeaderLabels({tr("Action"), tr("Keys")});
  table->verticalHeader()->hide();
  table->horizontalHeader()->setSectionResizeMode(0, QHeaderView::Stretch);
  table->horizontalHeader()->setSectionResizeMode(1, QHeaderView::ResizeToContents);
  table->setEditTriggers(QAbstractItemView::NoEditTriggers);
  table->setSelectionBehavior(QAbstractItemView::SelectRows);
  table->setShowGrid(false);
  table->setAlternatingRowColors(true);
  const auto add = [&](const QString& what, const QString& how) {
    const int row = table->rowCount();
    table->insertRow(row);
    table->setItem(row, 0, new QTableWidgetItem(what));
    table->setItem(row, 1, new QTableWidgetItem(how));
  };
  for (const Command& command : commands)
    if (!command.keys.isEmpty()) add(command.title, QKeySequence::listToString(command.keys, QKeySequence::NativeText));
  add(tr("In the track tree: collapse, expand, pin"), tr("Left, Right, P"));
  for (const MouseHint& hint : mouse_hints()) add(hint.what, hint.how);
  auto* column = new QVBoxLayout(this);
  column->addWidget(table);
}

}  // namespace orrery::gui

#include "gui/view/scenario/value_delegate.h"

#include <QCompleter>
#include <QLineEdit>

namespace orrery::gui {

QWidget* ValueDelegate::createEditor(QWidget* parent, const QStyleOptionViewItem&, const QModelIndex& index) const {
  auto* line = new QLineEdit(parent);
  line->setFrame(false);
  line->setPlaceholderText(index.data(kFallback).toString());
  const QStringList completions = index.data(kCompletions).toStringList();
  if (completions.isEmpty()) return line;
  auto* completer = new QCompleter(completions, line);
  completer->setCaseSensitivity(Qt::CaseInsensitive);
  completer->setFilterMode(Qt::MatchContains);
  line->setCompleter(completer);
  return line;
}

}  // namespace orrery::gui

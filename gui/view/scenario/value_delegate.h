#pragma once

#include <QStyledItemDelegate>

namespace orrery::gui {

// Edits a value as text: what it may be is completed, what stands without it is shown
// where nothing is written.
class ValueDelegate : public QStyledItemDelegate {
  Q_OBJECT

 public:
  // Roles of an item that it asks for.
  static constexpr int kCompletions = Qt::UserRole + 1;  // QStringList
  static constexpr int kFallback = Qt::UserRole + 2;     // QString

  using QStyledItemDelegate::QStyledItemDelegate;

  QWidget* createEditor(QWidget* parent, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
};

}  // namespace orrery::gui

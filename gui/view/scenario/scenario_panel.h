#pragma once

#include <QWidget>
#include <vector>

#include "gui/model/result/changes.h"
#include "gui/model/scenario/form.h"
#include "gui/view/theme.h"

class QCheckBox;
class QLabel;
class QLineEdit;
class QPushButton;
class QTreeWidget;
class QTreeWidgetItem;

namespace orrery::gui {

// Every key of a scenario with its value, to be changed and run again. What the reader
// has to say stands below the key that it speaks of; what a run changed, below all.
class ScenarioPanel : public QWidget {
  Q_OBJECT

 public:
  explicit ScenarioPanel(QWidget* parent = nullptr);

  // Keeps what is being edited where it is the same file.
  void show_scenario(const QString& path, const std::vector<models::Override>& changes);
  void show_changes(const std::vector<Change>& changes);
  void set_theme(const Theme& theme);
  void run();  // asks for it, unless something is wrong

  const ScenarioForm& form() const { return form_; }
  void set_value(const QString& key, const QString& value);  // as if it had been typed
  QString message_at(const QString& key) const;

 signals:
  void run_requested();

 private:
  QTreeWidgetItem* item_of(std::size_t field) const { return items_[field]; }
  void make_rows();
  void value_edited(QTreeWidgetItem* item, int column);
  void check();
  void show_fault(QTreeWidgetItem& item, const QString& what);
  void fill_row(std::size_t field);
  void filter();
  void tell_of(QTreeWidgetItem* item);

  ScenarioForm form_;
  bool valid_ = false;
  const Theme* theme_;
  QLineEdit* find_;
  QCheckBox* only_written_;
  QTreeWidget *keys_, *changes_;
  QLabel *about_, *general_;
  QPushButton *run_, *undo_;
  std::vector<QTreeWidgetItem*> items_;  // by field
};

}  // namespace orrery::gui

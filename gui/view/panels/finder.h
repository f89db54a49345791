#pragma once

#include <QDialog>
#include <functional>
#include <vector>

class QLineEdit;
class QListWidget;

namespace orrery::gui {

// Typing a few letters finds one of many by name: commands, tracks.
class Finder : public QDialog {
  Q_OBJECT

 public:
  struct Item {
    QString name, hint;
  };
  // `chosen` is told of the index of an item.
  Finder(const QString& title, std::vector<Item> items, std::function<void(std::size_t)> chosen, QWidget* parent);

 protected:
  bool eventFilter(QObject* object, QEvent* event) override;

 private:
  void refill(const QString& typed);
  void choose();

  std::vector<Item> items_;
  std::function<void(std::size_t)> chosen_;
  QLineEdit* line_;
  QListWidget* list_;
};

}  // namespace orrery::gui

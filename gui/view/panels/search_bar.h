#pragma once

#include <QRegularExpression>
#include <QTimer>
#include <QWidget>

#include "gui/view/asker.h"
#include "gui/view/timeline/scene/timeline_state.h"

class QLabel;
class QLineEdit;
class QToolButton;

namespace orrery::gui {

// Finds events by part of their name, or by a regular expression.
class SearchBar : public QWidget {
  Q_OBJECT

 public:
  explicit SearchBar(TimelineState& state, QWidget* parent = nullptr);

  void begin();  // takes the keyboard
  void search_now();
  void search_beside();  // beside the window's work

 signals:
  void left();  // Escape: the keyboard goes back to the timeline

 protected:
  bool eventFilter(QObject* object, QEvent* event) override;

 private:
  std::optional<QRegularExpression> pattern();
  void show(Marks hits);

  TimelineState& state_;
  QLineEdit* line_;
  QToolButton* regex_;
  QLabel* count_;
  QTimer later_;
  Asker* asker_;
};

}  // namespace orrery::gui

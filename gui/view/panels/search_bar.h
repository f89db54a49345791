#pragma once

#include <QTimer>
#include <QWidget>

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

 signals:
  void left();  // Escape: the keyboard goes back to the timeline

 protected:
  bool eventFilter(QObject* object, QEvent* event) override;

 private:
  TimelineState& state_;
  QLineEdit* line_;
  QToolButton* regex_;
  QLabel* count_;
  QTimer later_;
};

}  // namespace orrery::gui

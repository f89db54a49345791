#pragma once

#include <QWidget>

class QLabel;
class QProgressBar;
class QPushButton;

namespace orrery::gui {

// In the status bar: what is being done in the background, how far it is, and a button
// that ends it. Only there while something is.
class TaskBar : public QWidget {
  Q_OBJECT

 public:
  explicit TaskBar(const QString& accessible_name, QWidget* parent = nullptr);

  void begin(const QString& what);
  void progress(double share);
  void end() { hide(); }
  double share() const;

 signals:
  void cancelled();

 private:
  QLabel* what_;
  QProgressBar* bar_;
};

}  // namespace orrery::gui

#pragma once

#include <QDialog>

#include "gui/model/ask/compare/alignment.h"

class QComboBox;

namespace orrery::gui {

// Asks which step of the first trace is to be laid on which of the second. Another step of
// the first proposes that of the same number in the second.
class AlignDialog : public QDialog {
  Q_OBJECT

 public:
  AlignDialog(const Alignment& alignment, QWidget* parent);

 signals:
  void chosen(std::size_t at_a, std::size_t at_b);

 private:
  static QComboBox* list(const std::vector<Step>& steps, std::size_t now, QWidget* parent);

  QComboBox *a_, *b_;
};

}  // namespace orrery::gui

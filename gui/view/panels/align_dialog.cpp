#include "gui/view/panels/align_dialog.h"

#include <QComboBox>
#include <QDialogButtonBox>
#include <QFormLayout>

#include "gui/model/ask/time/ticks.h"
#include "gui/view/quantity_text.h"

namespace orrery::gui {

AlignDialog::AlignDialog(const Alignment& alignment, QWidget* parent)
    : QDialog(parent),
      a_(list(alignment.steps_a(), alignment.at_a(), this)),
      b_(list(alignment.steps_b(), alignment.at_b(), this)) {
  setWindowTitle(tr("Align steps"));
  setAttribute(Qt::WA_DeleteOnClose);
  auto* form = new QFormLayout(this);
  form->addRow(tr("&First trace:"), a_);
  form->addRow(tr("on, of the &second:"), b_);
  auto* buttons = new QDialogButtonBox(QDialogButtonBox::Ok | QDialogButtonBox::Cancel, this);
  form->addRow(buttons);
  connect(a_, &QComboBox::currentIndexChanged, this, [this, alignment](int at) {
    b_->setCurrentIndex(static_cast<int>(alignment.with(static_cast<std::size_t>(at)).at_b()));
  });
  connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
  connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
  connect(this, &QDialog::accepted, this, [this] {
    emit chosen(static_cast<std::size_t>(a_->currentIndex()), static_cast<std::size_t>(b_->currentIndex()));
  });
}

QComboBox* AlignDialog::list(const std::vector<Step>& steps, std::size_t now, QWidget* parent) {
  auto* box = new QComboBox(parent);
  for (const Step& step : steps)
    box->addItem(tr("step %1   at %2, %3 long")
                     .arg(step.number)
                     .arg(q(time_text(step.range.begin)), q(time_text(step.range.length()))));
  box->setCurrentIndex(static_cast<int>(now));
  return box;
}

}  // namespace orrery::gui

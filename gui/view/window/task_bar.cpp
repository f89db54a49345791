#include "gui/view/window/task_bar.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QProgressBar>
#include <QPushButton>

namespace orrery::gui {
namespace {

constexpr int kParts = 1000;

}  // namespace

TaskBar::TaskBar(const QString& accessible_name, QWidget* parent)
    : QWidget(parent), what_(new QLabel(this)), bar_(new QProgressBar(this)) {
  auto* row = new QHBoxLayout(this);
  row->setContentsMargins(0, 0, 0, 0);
  auto* cancel = new QPushButton(tr("Cancel"), this);
  for (QWidget* one : std::initializer_list<QWidget*>{what_, bar_, cancel}) row->addWidget(one);
  bar_->setRange(0, kParts);
  bar_->setFixedWidth(160);
  bar_->setAccessibleName(accessible_name);
  cancel->setAccessibleName(tr("Cancel: %1").arg(accessible_name));
  connect(cancel, &QPushButton::clicked, this, &TaskBar::cancelled);
  hide();
}

void TaskBar::begin(const QString& what) {
  what_->setText(what);
  bar_->setValue(0);
  show();
}

void TaskBar::progress(double share) {
  bar_->setValue(static_cast<int>(share * kParts));
}

double TaskBar::share() const {
  return static_cast<double>(bar_->value()) / kParts;
}

}  // namespace orrery::gui

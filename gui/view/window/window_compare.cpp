// Two traces in one window: how the second comes and goes, and which steps are aligned.
#include <QDockWidget>
#include <QFileDialog>
#include <QFileInfo>
#include <QStatusBar>
#include <QTimer>
#include <utility>

#include "gui/view/charts/network_chart.h"
#include "gui/view/panels/align_dialog.h"
#include "gui/view/panels/changes_table.h"
#include "gui/view/panels/legend.h"
#include "gui/view/timeline/canvas/canvas.h"
#include "gui/view/window/background_open.h"
#include "gui/view/window/compare_view.h"
#include "gui/view/window/main_window.h"
#include "gui/view/window/task_bar.h"

namespace orrery::gui {

void MainWindow::add_comparison() {
  const QString compare = tr("Compare");
  add(compare, tr("Compare with..., or no longer"), {QKeySequence("Ctrl+D")}, [this] { toggle_compare(); });
  add(compare, tr("Compare overlaid, or one below the other"), {QKeySequence("Ctrl+Shift+D")},
      [this] { toggle_overlaid(); });
  add(
      compare, tr("Align the step in view"), {QKeySequence("L")}, [this] { align_in_view(); }, true);
  add(compare, tr("Align with the step before in the second"), {QKeySequence("Alt+Left")}, [this] { align_next(-1); });
  add(compare, tr("Align with the step after in the second"), {QKeySequence("Alt+Right")}, [this] { align_next(1); });
  add(compare, tr("Align steps..."), {QKeySequence("Ctrl+L")}, [this] { ask_for_steps(); });
}

void MainWindow::open_second(const QString& path, const OpenOptions& options) {
  if (opening_second_ != nullptr) cancel_second();
  opening_second_ = new BackgroundOpen(QFileInfo(path).absoluteFilePath(), options, this);
  const auto mine = [this, me = opening_second_] { return opening_second_ == me; };
  connect(opening_second_, &BackgroundOpen::progress, this, [=, this](double share, const QString&) {
    if (mine()) second_bar_->progress(share);
  });
  connect(opening_second_, &BackgroundOpen::opened, this, [=, this](const std::shared_ptr<const Opened>& opened) {
    if (!mine()) return;
    second_ended();
    if (!opened->model)
      return say_errors({tr("%1 is a result: `orrery compare A.json B.json` sets two beside each other").arg(path)});
    compare_with(opened->model, QFileInfo(path).fileName());
  });
  connect(opening_second_, &BackgroundOpen::failed, this, [=, this](const QStringList& errors) {
    if (!mine()) return;
    second_ended();
    say_errors(errors);
  });
  second_bar_->begin(tr("Second: opening %1").arg(QFileInfo(path).fileName()));
  opening_second_->start();
}

void MainWindow::second_ended() {
  opening_second_ = nullptr;  // it goes when its thread has ended
  second_bar_->end();
}

void MainWindow::cancel_second() {
  if (opening_second_ != nullptr) {
    opening_second_->cancel();
    second_ended();
    statusBar()->showMessage(tr("Cancelled; the second is not shown"), kMessageMs);
  } else if (is_comparing()) {
    const bool as_before = compare_->cancel();
    second_bar_->end();
    if (!as_before) compare_with(nullptr);
    statusBar()->showMessage(as_before ? tr("Cancelled; aligned as before") : tr("Cancelled; nothing is compared"),
                             kMessageMs);
  }
}

bool MainWindow::is_comparing() const {
  return compare_ && compare_->is_comparing();
}

void MainWindow::compare_with(std::shared_ptr<const TraceModel> second, const QString& name) {
  network_->compare_with(nullptr);
  compare_.reset();
  second_bar_->end();
  changes_->clear();
  legend_->set_aligned(std::nullopt);
  changes_dock_->setVisible(second != nullptr);
  if (!second) return;
  compare_ = std::make_unique<CompareView>(*timeline_, *splitter_, std::move(second));
  for (const Command& command : commands_)
    if (command.only_in_timeline) compare_->second().canvas().addAction(command.action);
  connect(compare_.get(), &CompareView::began, this, [this] { second_bar_->begin(tr("Comparing")); });
  connect(compare_.get(), &CompareView::progress, second_bar_, &TaskBar::progress);
  connect(compare_.get(), &CompareView::compared_anew, this, &MainWindow::show_compared);
  connect(compare_.get(), &CompareView::failed, this, [this](const QString& why) {
    second_bar_->end();
    say_errors({why});
  });
  second_name_ = name;
  compare_->set_names(QFileInfo(file_).fileName(), name);
  compare_->set_overlaid(overlaid_);
  compare_->start();
  network_->compare_with(&compare_->second().state());
  changes_are_new_ = true;
}

void MainWindow::show_compared() {
  second_bar_->end();
  const Alignment& alignment = *compare_->alignment();
  legend_->set_aligned(alignment);
  changes_->show_changes(compare_->compared()->comparison, *state().scene().theme);
  const bool whole = alignment.steps_a().size() == 1 && alignment.steps_b().size() == 1;
  const QString steps =
      tr("step %1 of the first, %2 of the second").arg(alignment.a().number).arg(alignment.b().number);
  changes_dock_->setWindowTitle(
      whole ? tr("Changes") : tr("Changes: steps %1, %2").arg(alignment.a().number).arg(alignment.b().number));
  // A tab that has just come is there a moment later.
  if (std::exchange(changes_are_new_, false))
    QTimer::singleShot(50, changes_dock_, [dock = changes_dock_] { dock->raise(); });
  if (!whole) statusBar()->showMessage(tr("Aligned: %1").arg(steps), kMessageMs);
}

void MainWindow::set_overlaid(bool overlaid) {
  overlaid_ = overlaid;
  if (compare_) compare_->set_overlaid(overlaid);
}

void MainWindow::toggle_compare() {
  if (compare_) return compare_with(nullptr);
  auto* dialog = new QFileDialog(this, tr("Compare with"));
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  connect(dialog, &QFileDialog::fileSelected, this, [this](const QString& path) { open_second(path); });
  dialog->open();
}

// Without a second trace it asks for one, to be overlaid.
void MainWindow::toggle_overlaid() {
  if (compare_) return set_overlaid(!overlaid_);
  set_overlaid(true);
  toggle_compare();
}

// Says why not where steps cannot be chosen.
bool MainWindow::can_align() {
  const Alignment* now = compare_ ? compare_->alignment() : nullptr;
  if (now != nullptr && now->steps_a().size() + now->steps_b().size() > 2) return true;
  statusBar()->showMessage(now != nullptr ? tr("Neither trace says more than one step")
                           : compare_     ? tr("The two are still being compared")
                                          : tr("Steps are aligned of two traces; Ctrl+D opens a second"),
                           kMessageMs);
  return false;
}

void MainWindow::align_in_view() {
  if (can_align() && !compare_->align_in_view())
    statusBar()->showMessage(tr("No step of the first is in view"), kMessageMs);
}

void MainWindow::align_next(int by) {
  if (can_align()) compare_->align_next(by);
}

void MainWindow::align(const Alignment& alignment) {
  compare_->align(alignment);
  state().show(alignment.a().range, 0.01);
}

void MainWindow::ask_for_steps() {
  if (!can_align()) return;
  auto* dialog = new AlignDialog(*compare_->alignment(), this);
  connect(dialog, &AlignDialog::chosen, this, [this](std::size_t at_a, std::size_t at_b) {
    if (compare_ && compare_->alignment() != nullptr) align(compare_->alignment()->with(at_a, at_b));
  });
  dialog->open();
}

}  // namespace orrery::gui

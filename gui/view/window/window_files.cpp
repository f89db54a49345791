// What the window opens, and what it remembers from one time to the next.
#include <QApplication>
#include <QCloseEvent>
#include <QComboBox>
#include <QCryptographicHash>
#include <QDockWidget>
#include <QFileInfo>
#include <QLabel>
#include <QMenu>
#include <QMessageBox>
#include <QMimeData>
#include <QPlainTextEdit>
#include <QSettings>
#include <QStatusBar>

#include "gui/view/charts/roofline_chart.h"
#include "gui/view/charts/sweep_panel.h"
#include "gui/view/quantity_text.h"
#include "gui/view/result/result_view.h"
#include "gui/view/scenario/scenario_panel.h"
#include "gui/view/window/background_open.h"
#include "gui/view/window/compare_view.h"
#include "gui/view/window/main_window.h"
#include "gui/view/window/task_bar.h"

namespace orrery::gui {
namespace {

constexpr int kMostRecent = 12;

QString group_of(const QString& path) {
  return "files/" + QCryptographicHash::hash(path.toUtf8(), QCryptographicHash::Md5).toHex();
}

bool is_scenario(const QString& path) {
  return path.endsWith(".yaml") || path.endsWith(".yml");
}

template <class Texts>
QStringList texts(const Texts& from) {
  QStringList list;
  for (const std::string& text : from) list << QString::fromStdString(text);
  return list;
}

std::set<std::string> set_of(const QStringList& list) {
  std::set<std::string> to;
  for (const QString& text : list) to.insert(text.toStdString());
  return to;
}

}  // namespace

MainWindow::~MainWindow() = default;

void MainWindow::reopen(const OpenOptions& options) {
  if (!file_.isEmpty()) open(file_, options);
}

// A store of a sweep is no timeline: its points are, each when it is asked for.
bool MainWindow::open_sweep(const QString& path) {
  if (!path.endsWith(".sqlite") && !path.endsWith(".db")) return false;
  if (const QString fault = sweep_->open(path, *state().scene().theme); !fault.isEmpty()) {
    say_errors({fault});
    return true;
  }
  sweep_dock_->show();
  sweep_dock_->raise();
  remember_recent(path);
  statusBar()->showMessage(
      tr("%L1 points of %2").arg(sweep_->rows().size()).arg(QString::fromStdString(sweep_->meta().file)));
  return true;
}

void MainWindow::open(const QString& path, const OpenOptions& options) {
  if (open_sweep(path)) return;
  save_file_state();
  if (opening_ != nullptr) cancel();
  before_ = nullptr;
  file_ = QFileInfo(path).absoluteFilePath();
  options_ = options;
  shows_part_ = false;
  if (is_scenario(file_)) scenario_->show_scenario(file_, options.overrides);
  opening_bar_->begin({});
  statusBar()->showMessage(tr("Opening %1").arg(file_));
  opening_ = new BackgroundOpen(file_, options, this);
  // What a cancelled one had already sent is no longer asked for.
  const auto mine = [this, me = opening_] { return opening_ == me; };
  connect(opening_, &BackgroundOpen::progress, this, [=, this](double share, const QString& what) {
    if (!mine()) return;
    opening_bar_->progress(share);
    status_->setText(what);
  });
  connect(opening_, &BackgroundOpen::so_far, this, [=, this](std::shared_ptr<const TraceModel> model) {
    if (!mine()) return;
    show_model(std::move(model), shows_part_);
    shows_part_ = true;
  });
  connect(opening_, &BackgroundOpen::opened, this, [=, this](const std::shared_ptr<const Opened>& opened) {
    if (!mine()) return;
    const bool partly = std::exchange(shows_part_, false);
    opening_ended();
    if (opened->model) show_model(opened->model, partly);
    show_opened(file_, opened);
  });
  connect(opening_, &BackgroundOpen::failed, this, [=, this](const QStringList& errors) {
    if (!mine()) return;
    opening_ended();
    say_errors(errors);
  });
  opening_->start();
}

// Runs the scenario as the form has it, and says what that changed.
void MainWindow::run_changed() {
  const QString file = QString::fromStdString(scenario_->form().file());
  OpenOptions options = file == file_ ? options_ : OpenOptions();
  options.overrides = scenario_->form().changes();
  const std::shared_ptr<const ResultPage> before = file == file_ ? page_->page() : nullptr;
  open(file, options);
  before_ = before;
}

void MainWindow::cancel() {
  if (opening_ == nullptr) return;
  opening_->cancel();
  opening_ended();
  statusBar()->showMessage(tr("Cancelled; what was read so far stays"), kMessageMs);
}

void MainWindow::opening_ended() {
  opening_ = nullptr;  // it goes when its thread has ended
  opening_bar_->end();
}

void MainWindow::show_opened(const QString& path, const std::shared_ptr<const Opened>& opened) {
  file_ = path;
  if (const auto before = std::exchange(before_, nullptr); before && opened->page)
    scenario_->show_changes(changes_of(*before, *opened->page));
  page_->show_page(opened->page);
  show_timeline_of(*opened);
  show_page(opened->model == nullptr);
  remember_recent(path);
  setWindowTitle(QFileInfo(path).fileName() + " - Orrery");
  if (compare_) compare_->set_names(QFileInfo(path).fileName(), second_name_);
  QStringList remarks;
  for (const std::string& remark : opened->remarks) remarks << QString::fromStdString(remark);
  statusBar()->showMessage(remarks.value(0), remarks.isEmpty() ? 1 : 0);
  statusBar()->setToolTip(remarks.join('\n'));
}

// A result has none: what was there before it is no part of it.
void MainWindow::show_timeline_of(const Opened& opened) {
  const auto model = opened.model ? opened.model : std::make_shared<const TraceModel>();
  if (&state().model() != opened.model.get()) show_model(model, false);
  state().set_critical(Marks(*model, opened.critical_path), opened.slack);
  state().show_steady_step();
  roofline_->show_roofline(opened.roofline);
  summary_->setPlainText(QString::fromStdString(opened.summary));
  restore_file_state();
  say_status();
}

void MainWindow::show_model(std::shared_ptr<const TraceModel> model, bool same_trace) {
  forget_path();
  state().set_model(std::move(model), same_trace);
  say_status();
}

void MainWindow::say_status() {
  const TraceModel& model = state().model();
  if (model.events() == 0) return status_->clear();
  status_->setText(tr("%L1 events   %2   %3")
                       .arg(model.events())
                       .arg(quantity_text(static_cast<double>(model.bytes()), "bytes"),
                            model.parts().skipped > 0 ? tr("%L1 skipped").arg(model.parts().skipped) : QString()));
}

void MainWindow::say_errors(const QStringList& errors) {
  statusBar()->showMessage(errors.value(0));
  auto* box = new QMessageBox(QMessageBox::Warning, "Orrery", errors.join('\n'), QMessageBox::Ok, this);
  box->setAttribute(Qt::WA_DeleteOnClose);
  box->setTextFormat(Qt::PlainText);
  box->open();
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event) {
  if (event->mimeData()->hasUrls()) event->acceptProposedAction();
}

void MainWindow::dropEvent(QDropEvent* event) {
  QStringList files;
  for (const QUrl& url : event->mimeData()->urls())
    if (url.isLocalFile()) files << url.toLocalFile();
  if (files.isEmpty()) return;
  open(files[0]);
  if (files.size() == 2) open_second(files[1]);
}

void MainWindow::remember_recent(const QString& path) {
  QSettings settings;
  QStringList files = settings.value("recent").toStringList();
  files.removeAll(path);
  files.prepend(path);
  settings.setValue("recent", QStringList(files.mid(0, kMostRecent)));
}

void MainWindow::fill_recent() {
  recent_->clear();
  for (const QString& path : QSettings().value("recent").toStringList())
    recent_->addAction(path, this, [this, path] { open(path); });
  recent_->setEnabled(!recent_->isEmpty());
}

void MainWindow::closeEvent(QCloseEvent* event) {
  save_file_state();
  QSettings settings;
  settings.setValue("geometry", saveGeometry());
  settings.setValue("panels", shows_page() ? panels_ : saveState());
  settings.setValue("theme", state().scene().theme->name);
  settings.setValue("text", QApplication::font().pointSizeF());
  settings.setValue("names", state().choices().name_width);
  event->accept();
}

void MainWindow::restore() {
  const QSettings settings;
  set_theme(settings.value("theme", "light").toString());
  restoreGeometry(settings.value("geometry").toByteArray());
  restoreState(settings.value("panels").toByteArray());
  const double points = settings.value("text", 0).toDouble();
  if (points > 0) scale_text(static_cast<int>(points - QApplication::font().pointSizeF()));
  LaneChoices choices = state().choices();
  choices.name_width = std::clamp(settings.value("names", choices.name_width).toInt(), 80, 2000);
  state().set_choices(std::move(choices));
}

// How a person left a file: where they looked, what was collapsed, their notes.
void MainWindow::save_file_state() {
  if (file_.isEmpty() || state().model().events() == 0) return;
  QSettings settings;
  settings.beginGroup(group_of(file_));
  const LaneChoices& choices = state().choices();
  const TimeRange view = state().scene().viewport.view();
  settings.setValue("begin", QString::number(view.begin));
  settings.setValue("end", QString::number(view.end));
  settings.setValue("colour", static_cast<int>(state().scene().colour_by));
  settings.setValue("grouping", static_cast<int>(choices.grouping));
  settings.setValue("collapsed", texts(choices.collapsed));
  settings.setValue("expanded", texts(choices.expanded));
  settings.setValue("pinned", texts(choices.pinned));
  settings.setValue("moved", texts(choices.moved));
  QStringList notes;
  for (const TimelineNote& note : state().notes()) notes << QString::number(note.when) + ' ' + note.text;
  settings.setValue("notes", notes);
}

void MainWindow::restore_file_state() {
  QSettings settings;
  settings.beginGroup(group_of(file_));
  if (!settings.contains("begin")) return;
  LaneChoices choices = state().choices();
  choices.grouping = static_cast<Grouping>(std::clamp(settings.value("grouping").toInt(), 0, 6));
  if (!why_not_grouped(state().model(), choices.grouping).empty()) choices.grouping = Grouping::none;
  choices.collapsed = set_of(settings.value("collapsed").toStringList());
  choices.expanded = set_of(settings.value("expanded").toStringList());
  choices.pinned = set_of(settings.value("pinned").toStringList());
  choices.moved.clear();
  for (const QString& path : settings.value("moved").toStringList()) choices.moved.push_back(path.toStdString());
  state().set_choices(std::move(choices));
  state().set_colour_by(static_cast<ColourBy>(std::clamp(settings.value("colour").toInt(), 0, 2)));
  std::vector<TimelineNote> notes;
  for (const QString& line : settings.value("notes").toStringList())
    notes.push_back({line.section(' ', 0, 0).toLongLong(), line.section(' ', 1)});
  state().set_notes(std::move(notes));
  const TimeRange view{settings.value("begin").toString().toLongLong(), settings.value("end").toString().toLongLong()};
  if (!view.empty()) state().show(view);
}

}  // namespace orrery::gui

// Everything that can be done by keyboard (docs/gui.md has the same table).
#include <QApplication>
#include <QDockWidget>
#include <QFileDialog>
#include <QInputDialog>
#include <QStatusBar>

#include "gui/model/ask/path/trace_path.h"
#include "gui/view/asker.h"
#include "gui/view/panels/finder.h"
#include "gui/view/panels/keys_dialog.h"
#include "gui/view/panels/search_bar.h"
#include "gui/view/quantity_text.h"
#include "gui/view/scenario/scenario_panel.h"
#include "gui/view/timeline/canvas/canvas.h"
#include "gui/view/timeline/track_tree.h"
#include "gui/view/window/main_window.h"
#include "gui/view/window/render.h"

namespace orrery::gui {
namespace {

constexpr double kZoomStep = 1.4;
constexpr int kPanShare = 8;  // of the width

}  // namespace

void MainWindow::add(const QString& group, const QString& title, const QList<QKeySequence>& keys,
                     std::function<void()> run, bool only_in_timeline) {
  commands_.push_back({group, title, keys, std::move(run), only_in_timeline, nullptr});
}

void MainWindow::make_commands() {
  const QString file = tr("File"), view = tr("View"), help = tr("Help");
  add(file, tr("Open..."), {QKeySequence::Open}, [this] { ask_for_file(); });
  add(file, tr("Open again, or run again"), {QKeySequence("Ctrl+R")}, [this] { reopen(options_); });
  add(file, tr("Edit the scenario, or no longer"), {QKeySequence("Ctrl+Shift+E")}, [this] { edit_scenario(); });
  add(file, tr("Run the scenario as edited"), {QKeySequence("Ctrl+Return")}, [this] { scenario_->run(); });
  add(file, tr("Show ranks..."), {QKeySequence("Ctrl+Shift+R")}, [this] { ask_for_ranks(); });
  add(file, tr("Export picture..."), {QKeySequence("Ctrl+E")}, [this] { export_picture(); });
  add(file, tr("Quit"), {QKeySequence("Ctrl+Q")}, [this] { close(); });
  add_navigation();
  add_selection();
  add_comparison();
  for (const Theme& theme : Theme::all())
    add(view, tr("Theme: %1").arg(theme.name), {}, [this, name = theme.name] { set_theme(name); });
  add(view, tr("Larger text"), {QKeySequence("Ctrl+="), QKeySequence("Ctrl++")}, [this] { scale_text(1); });
  add(view, tr("Smaller text"), {QKeySequence("Ctrl+-")}, [this] { scale_text(-1); });
  add(view, tr("Move the track up"), {QKeySequence("Alt+Up")}, [this] { state().move_current(-1); });
  add(view, tr("Move the track down"), {QKeySequence("Alt+Down")}, [this] { state().move_current(1); });
  add(view, tr("Expand all tracks"), {}, [this] { state().set_all_collapsed(false); });
  add(view, tr("Collapse all tracks"), {}, [this] { state().set_all_collapsed(true); });
  add(
      view, tr("Critical path"), {QKeySequence("C")}, [this] { toggle_critical(); }, true);
  add(view, tr("Page of the result, or the timeline"), {QKeySequence("Ctrl+T")}, [this] { show_page(!shows_page()); });
  add(help, tr("Command palette"), {QKeySequence("Ctrl+Shift+P")}, [this] { show_palette(); });
  add(help, tr("Keys and mouse"), {QKeySequence("?"), QKeySequence("Shift+?"), QKeySequence("F1")},
      [this] { show_keys(); });
  install(commands_, this, &timeline_->canvas());
}

void MainWindow::add_navigation() {
  const QString go = tr("Go");
  const auto pan = [this](int by) { state().pan(static_cast<double>(by * timeline_->canvas().width()) / kPanShare); };
  const auto page = [this](int by) { state().scroll(by * timeline_->canvas().height() * 4 / 5); };
  add(
      go, tr("Zoom in"), {QKeySequence("W")}, [this] { state().zoom(kZoomStep); }, true);
  add(
      go, tr("Zoom out"), {QKeySequence("S")}, [this] { state().zoom(1 / kZoomStep); }, true);
  add(
      go, tr("Pan left"), {QKeySequence("A"), QKeySequence("Left")}, [=] { pan(-1); }, true);
  add(
      go, tr("Pan right"), {QKeySequence("D"), QKeySequence("Right")}, [=] { pan(1); }, true);
  add(
      go, tr("Scroll up"), {QKeySequence("Up")}, [this] { state().scroll(-40); }, true);
  add(
      go, tr("Scroll down"), {QKeySequence("Down")}, [this] { state().scroll(40); }, true);
  add(
      go, tr("Page up"), {QKeySequence("PgUp")}, [=] { page(-1); }, true);
  add(
      go, tr("Page down"), {QKeySequence("PgDown")}, [=] { page(1); }, true);
  add(
      go, tr("Whole trace"), {QKeySequence("Home"), QKeySequence("0")}, [this] { state().show_all(); }, true);
  add(
      go, tr("Last step"), {QKeySequence("End")}, [this] { state().show_steady_step(); }, true);
  add(
      go, tr("Back to the view before"), {QKeySequence("Backspace")}, [this] { state().back(); }, true);
  add(
      go, tr("Forward again"), {QKeySequence("Shift+Backspace")}, [this] { state().forward(); }, true);
  add(go, tr("Find a track..."), {QKeySequence("Ctrl+P")}, [this] { find_track(); });
  add(go, tr("Search events"), {QKeySequence("/")}, [this] { search_->begin(); });
  add(
      go, tr("Next hit"), {QKeySequence("F3"), QKeySequence("N")}, [this] { state().next_hit(true); }, true);
  add(
      go, tr("Previous hit"), {QKeySequence("Shift+F3"), QKeySequence("Shift+N")}, [this] { state().next_hit(false); },
      true);
  add(
      go, tr("To the track tree"), {QKeySequence("T")}, [this] { timeline_->tree().setFocus(); }, true);
}

void MainWindow::add_selection() {
  const QString select = tr("Select");
  add(
      select, tr("Focus the selection, and back"), {QKeySequence("F")}, [this] { state().focus(); }, true);
  add(
      select, tr("Next event on the track"), {QKeySequence(".")}, [this] { state().step(1); }, true);
  add(
      select, tr("Previous event on the track"), {QKeySequence(",")}, [this] { state().step(-1); }, true);
  add(select, tr("Follow a dependency forward"), {QKeySequence("Ctrl+]")}, [this] { state().follow(true); });
  add(select, tr("Follow a dependency backward"), {QKeySequence("Ctrl+[")}, [this] { state().follow(false); });
  add(
      select, tr("Area from the selected event"), {QKeySequence("R")}, [this] { state().area_from_selection(); }, true);
  add(
      select, tr("Area of what is in view"), {QKeySequence("Shift+R")}, [this] { state().area_from_view(); }, true);
  add(
      select, tr("Measure the selected event, or from the one before"), {QKeySequence("X")},
      [this] { state().measure_selection(); }, true);
  add(
      select, tr("Zoom to the area"), {QKeySequence("Z")}, [this] { state().show_area(); }, true);
  add(
      select, tr("Note..."), {QKeySequence("M")}, [this] { edit_note(); }, true);
  add(select, tr("Clear the selection"), {QKeySequence("Escape")}, [this] {
    state().clear();
    timeline_->canvas().setFocus();
  });
}

void MainWindow::ask_for_file() {
  auto* dialog = new QFileDialog(
      this, tr("Open"), {},
      tr("Traces, scenarios and results (*.json *.gz *.zst *.pftrace *.yaml *.yml *.sqlite *.db);;All files (*)"));
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setFileMode(QFileDialog::ExistingFile);
  connect(dialog, &QFileDialog::fileSelected, this, [this](const QString& path) { open(path); });
  dialog->open();
}

void MainWindow::edit_scenario() {
  scenario_dock_->setVisible(scenario_dock_->isHidden());
  if (scenario_dock_->isVisible()) scenario_->setFocus();
}

// A trace that does not say its critical path is looked through the first time that
// somebody asks.
void MainWindow::toggle_critical() {
  if (state().has_critical()) return state().toggle_critical();
  if (is_opening()) return statusBar()->showMessage(tr("The critical path is known when all has been read"));
  if (!no_path_.isEmpty()) return statusBar()->showMessage(no_path_);
  if (asker_->is_asking()) return;
  statusBar()->showMessage(tr("Looking for the critical path"));
  asker_->ask([this, model = state().scene().model](const GoOn& go_on) -> Asked::Then {
    const auto path = std::make_shared<const TracePath>(find_path(*model, [&] { return go_on(0); }));
    return [this, path] { show_path(*path); };
  });
}

void MainWindow::show_path(const TracePath& path) {
  statusBar()->clearMessage();
  if (path.events.empty()) {
    no_path_ = tr("There is no critical path: %1").arg(q(path.why_not));
    return statusBar()->showMessage(no_path_);
  }
  state().set_critical(Marks(state().model(), path.events), state().scene().slack);
  state().toggle_critical();
}

void MainWindow::forget_path() {
  asker_->give_up();
  no_path_.clear();
}

// Equal ranks of a scenario are simulated once; here is where others are asked for.
void MainWindow::ask_for_ranks() {
  auto* dialog = new QInputDialog(this);
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setWindowTitle(tr("Show ranks"));
  dialog->setLabelText(tr("Ranks, as 0-7,64; nothing for one of each set of equal ones:"));
  connect(dialog, &QInputDialog::textValueSelected, this, [this](const QString& text) {
    OpenOptions options = options_;
    options.ranks.clear();
    if (!text.isEmpty()) {
      const auto ranks = interop::parse_rank_ranges(text.toStdString());
      if (!ranks) return say_errors({QString::fromStdString(to_string(ranks.errors().front()))});
      options.ranks = *ranks;
    }
    reopen(options);
  });
  dialog->open();
}

void MainWindow::export_picture() {
  auto* dialog = new QFileDialog(this, tr("Export picture"), {}, tr("PNG (*.png);;SVG, as shapes (*.svg)"));
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setAcceptMode(QFileDialog::AcceptSave);
  dialog->setDefaultSuffix("png");
  dialog->selectFile("timeline.png");
  connect(dialog, &QFileDialog::filterSelected, dialog,
          [dialog](const QString& filter) { dialog->setDefaultSuffix(filter.startsWith("SVG") ? "svg" : "png"); });
  connect(dialog, &QFileDialog::fileSelected, this, [this](const QString& path) {
    const QString fault = write_timeline(*timeline_, path);
    if (!fault.isEmpty()) return say_errors({fault});
    statusBar()->showMessage(tr("Written: %1").arg(path), kMessageMs);
  });
  dialog->open();
}

void MainWindow::edit_note() {
  const Ns when = state().note_moment();
  auto* dialog = new QInputDialog(this);
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setWindowTitle(tr("Note"));
  dialog->setLabelText(tr("Note at this moment; an empty one removes what is near:"));
  connect(dialog, &QInputDialog::textValueSelected, this, [this, when](const QString& text) {
    std::vector<TimelineNote> notes = state().notes();
    const auto near = static_cast<Ns>(20 * state().scene().viewport.ns_per_pixel());
    if (text.isEmpty())
      std::erase_if(notes, [&](const TimelineNote& note) { return std::abs(note.when - when) <= near; });
    else
      notes.push_back({when, text});
    state().set_notes(std::move(notes));
  });
  dialog->open();
}

void MainWindow::find_track() {
  std::vector<Finder::Item> items;
  const TraceModel& model = state().model();
  for (std::uint32_t i = 0; i < model.tracks().size(); ++i)
    items.push_back(
        {QString::fromStdString(path_of_track(model, i)), q(model.processes()[model.tracks()[i].process].labels)});
  auto* finder = new Finder(
      tr("Find a track"), std::move(items),
      [this](std::size_t index) {
        const auto track = static_cast<std::uint32_t>(index);
        if (track >= state().model().tracks().size()) return;
        state().reveal_track(track);
        state().set_current_lane(state().scene().lanes.of_track(track));
      },
      this);
  finder->open();
}

void MainWindow::show_palette() {
  std::vector<Finder::Item> items;
  for (const Command& command : commands_)
    items.push_back({command.title, QKeySequence::listToString(command.keys, QKeySequence::NativeText)});
  auto* finder = new Finder(
      tr("Commands"), std::move(items), [this](std::size_t i) { commands_[i].run(); }, this);
  finder->open();
}

void MainWindow::show_keys() {
  auto* dialog = new KeysDialog(commands_, this);
  dialog->open();
}

}  // namespace orrery::gui

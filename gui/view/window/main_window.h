#pragma once

#include <QMainWindow>
#include <memory>

#include "gui/model/load/open_file.h"
#include "gui/view/timeline/timeline_view.h"
#include "gui/view/window/commands.h"

class QComboBox;
class QDockWidget;
class QLabel;
class QLineEdit;
class QMenu;
class QPlainTextEdit;
class QSplitter;
class QStackedWidget;

namespace orrery::gui {

class Alignment;
class AreaPanel;
class Asker;
class BackgroundOpen;
class ChangesTable;
class CompareView;
class EventTable;
class GroupingBox;
class Legend;
class NetworkChart;
class ResultView;
class RooflineChart;
class ScenarioPanel;
class SearchBar;
class SweepPanel;
class TaskBar;
struct TracePath;

class MainWindow : public QMainWindow {
  Q_OBJECT

 public:
  static constexpr int kMessageMs = 4000;  // that a remark stays in the status bar

  explicit MainWindow(QWidget* parent = nullptr);
  ~MainWindow() override;

  void open(const QString& path, const OpenOptions& options = {});
  void reopen(const OpenOptions& options);  // the same file
  // A trace that is at hand already.
  void show_opened(const QString& path, const std::shared_ptr<const Opened>& opened);
  // A second one below it, to be compared; null takes it away.
  void open_second(const QString& path, const OpenOptions& options = {});
  void compare_with(std::shared_ptr<const TraceModel> second, const QString& name = {});
  CompareView* compared() { return compare_.get(); }
  bool is_comparing() const;
  // Steps of the two on each other, and in view.
  void align(const Alignment& alignment);
  // Whether a second trace is in the lanes of the first, or below it.
  void set_overlaid(bool overlaid);
  // The page of a result before the timeline, which has it where a scenario was run.
  void show_page(bool page);
  bool shows_page() const;
  ResultView& page() { return *page_; }
  ScenarioPanel& scenario() { return *scenario_; }
  bool is_opening() const { return opening_ != nullptr; }
  void cancel();
  void cancel_second();  // what is done to open it, or to compare

  TimelineView& timeline() { return *timeline_; }
  TimelineState& state() { return timeline_->state(); }
  const std::vector<Command>& commands() const { return commands_; }
  void set_theme(const QString& name);
  void scale_text(int points);

 protected:
  void closeEvent(QCloseEvent* event) override;
  void dragEnterEvent(QDragEnterEvent* event) override;
  void dropEvent(QDropEvent* event) override;

 private:
  // Parts of the constructor, in this order.
  void make_commands();
  void make_menus();
  void make_tool_bar();
  void make_docks();
  void make_scenario_dock();
  void make_status_bar();
  void restore();

  void add(const QString& group, const QString& title, const QList<QKeySequence>& keys, std::function<void()> run,
           bool only_in_timeline = false);
  void set_font(const QFont& font);
  void give_docks_room(double ratio);
  void add_comparison();
  void add_navigation();
  void add_selection();
  QDockWidget* dock(const QString& title, QWidget* content, const QString& name);

  bool open_sweep(const QString& path);
  void show_model(std::shared_ptr<const TraceModel> model, bool same_trace);
  void show_timeline_of(const Opened& opened);
  void run_changed();
  void edit_scenario();
  void opening_ended();
  void say_errors(const QStringList& errors);
  void say_status();
  void ask_for_file();
  void export_picture();
  void edit_note();
  void ask_for_ranks();
  void second_ended();
  void show_compared();
  void toggle_compare();
  void toggle_overlaid();
  bool can_align();
  void align_in_view();
  void align_next(int by);
  void ask_for_steps();
  void toggle_critical();
  void show_path(const TracePath& path);
  void forget_path();
  void find_track();
  void show_palette();
  void show_keys();
  void remember_recent(const QString& path);
  void fill_recent();
  void save_file_state();
  void restore_file_state();

  TimelineView* timeline_;
  SearchBar* search_;
  Legend* legend_;
  AreaPanel* area_ = nullptr;
  EventTable* events_ = nullptr;
  SweepPanel* sweep_ = nullptr;
  RooflineChart* roofline_ = nullptr;
  NetworkChart* network_ = nullptr;
  ScenarioPanel* scenario_ = nullptr;
  QDockWidget* scenario_dock_ = nullptr;
  std::shared_ptr<const ResultPage> before_;  // of the run that the form's changes are compared with
  QDockWidget* sweep_dock_ = nullptr;
  QSplitter* splitter_ = nullptr;
  QStackedWidget* centre_ = nullptr;  // the timeline, and the page of a result
  ResultView* page_ = nullptr;
  QByteArray panels_;  // around the timeline, while the page is shown
  ChangesTable* changes_ = nullptr;
  QDockWidget* changes_dock_ = nullptr;
  bool changes_are_new_ = false;  // nobody has seen them
  std::unique_ptr<CompareView> compare_;
  bool overlaid_ = false;
  GroupingBox* group_ = nullptr;
  QComboBox* colour_ = nullptr;
  QLineEdit* filter_ = nullptr;
  QPlainTextEdit* summary_ = nullptr;
  QMenu* recent_ = nullptr;
  QLabel* status_ = nullptr;
  TaskBar* opening_bar_ = nullptr;
  TaskBar* second_bar_ = nullptr;
  std::vector<Command> commands_;
  BackgroundOpen *opening_ = nullptr, *opening_second_ = nullptr;
  Asker* asker_;             // for the critical path of a trace that does not say it
  QString no_path_;          // why there is none, once that is known
  bool shows_part_ = false;  // of the file that is being opened
  QString file_, second_name_;
  OpenOptions options_;
};

}  // namespace orrery::gui

#include "gui/view/window/main_window.h"

#include <QApplication>
#include <QComboBox>
#include <QDockWidget>
#include <QFontDatabase>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QMenuBar>
#include <QPlainTextEdit>
#include <QSplitter>
#include <QStackedWidget>
#include <QStatusBar>
#include <QToolBar>
#include <QVBoxLayout>

#include "gui/view/asker.h"
#include "gui/view/charts/breakdown_chart.h"
#include "gui/view/charts/memory_chart.h"
#include "gui/view/charts/network_chart.h"
#include "gui/view/charts/roofline_chart.h"
#include "gui/view/charts/sweep_panel.h"
#include "gui/view/panels/area_panel.h"
#include "gui/view/panels/changes_table.h"
#include "gui/view/panels/details_panel.h"
#include "gui/view/panels/event_table.h"
#include "gui/view/panels/grouping_box.h"
#include "gui/view/panels/legend.h"
#include "gui/view/panels/search_bar.h"
#include "gui/view/result/result_view.h"
#include "gui/view/scenario/scenario_panel.h"
#include "gui/view/timeline/canvas/canvas.h"
#include "gui/view/window/compare_view.h"
#include "gui/view/window/task_bar.h"

namespace orrery::gui {

MainWindow::MainWindow(QWidget* parent)
    : QMainWindow(parent),
      timeline_(new TimelineView(this)),
      search_(nullptr),
      legend_(nullptr),
      asker_(new Asker(this)) {
  setWindowTitle("Orrery");
  setAcceptDrops(true);
  resize(1500, 950);
  centre_ = new QStackedWidget(this);
  page_ = new ResultView(centre_);
  auto* centre = new QWidget(centre_);
  auto* column = new QVBoxLayout(centre);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  legend_ = new Legend(state(), centre);
  splitter_ = new QSplitter(Qt::Vertical, centre);
  splitter_->addWidget(timeline_);
  column->addWidget(splitter_, 1);
  column->addWidget(legend_);
  centre_->addWidget(centre);
  centre_->addWidget(page_);
  setCentralWidget(centre_);
  search_ = new SearchBar(state(), this);
  connect(search_, &SearchBar::left, this, [this] { timeline_->canvas().setFocus(); });
  make_docks();
  make_commands();
  make_menus();
  make_tool_bar();
  make_status_bar();
  restore();
  timeline_->canvas().setFocus();
}

void MainWindow::make_menus() {
  QMap<QString, QMenu*> menus;
  const auto menu_of = [&](const QString& group) {
    if (!menus.contains(group)) menus[group] = menuBar()->addMenu(group);
    return menus[group];
  };
  recent_ = new QMenu(tr("Open recent"), this);
  for (const Command& command : commands_) {
    menu_of(command.group)->addAction(command.action);
    if (command.title == tr("Open...")) menu_of(command.group)->addMenu(recent_);
  }
  auto* panels = menuBar()->addMenu(tr("Panels"));
  for (QDockWidget* one : findChildren<QDockWidget*>()) panels->addAction(one->toggleViewAction());
  connect(recent_, &QMenu::aboutToShow, this, &MainWindow::fill_recent);
}

void MainWindow::make_tool_bar() {
  QToolBar* bar = addToolBar(tr("Tools"));
  bar->setObjectName("tools");
  bar->setMovable(false);
  group_ = new GroupingBox(state(), bar);
  colour_ = new QComboBox(bar);
  colour_->addItems({tr("colour: class"), tr("colour: micro-batch"), tr("colour: name")});
  connect(colour_, &QComboBox::activated, this,
          [this](int index) { state().set_colour_by(static_cast<ColourBy>(index)); });
  colour_->setAccessibleName(tr("What colours stand for"));
  connect(&state(), &TimelineState::colours_changed, this,
          [this] { colour_->setCurrentIndex(static_cast<int>(state().scene().colour_by)); });
  filter_ = new QLineEdit(bar);
  filter_->setAccessibleName(tr("Filter tracks"));
  filter_->setPlaceholderText(tr("Filter tracks"));
  filter_->setClearButtonEnabled(true);
  filter_->setMaximumWidth(200);
  connect(filter_, &QLineEdit::textChanged, this, [this](const QString& text) {
    LaneChoices choices = state().choices();
    choices.filter = text.toStdString();
    state().set_choices(choices);
  });
  connect(&state(), &TimelineState::choices_changed, this, [this] {
    const QSignalBlocker quiet(filter_);
    filter_->setText(QString::fromStdString(state().choices().filter));
  });
  auto* room = new QWidget(bar);
  room->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Preferred);
  for (QWidget* one : std::initializer_list<QWidget*>{group_, colour_, filter_, room, search_}) bar->addWidget(one);
}

QDockWidget* MainWindow::dock(const QString& title, QWidget* content, const QString& name) {
  auto* dock = new QDockWidget(title, this);
  dock->setObjectName(name);
  dock->setWidget(content);
  // One whose font is that of all docks has a title in the letters of when it was made, for ever.
  QFont own;
  own.setStyleStrategy(QFont::PreferAntialias);
  dock->setFont(own);
  addDockWidget(Qt::BottomDockWidgetArea, dock);
  return dock;
}

void MainWindow::make_docks() {
  area_ = new AreaPanel(state(), this);
  events_ = new EventTable(state(), this);
  summary_ = new QPlainTextEdit(this);
  summary_->setReadOnly(true);
  summary_->setLineWrapMode(QPlainTextEdit::NoWrap);
  summary_->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
  summary_->setPlaceholderText(tr("What orrery run prints, once a scenario is open"));
  QDockWidget* details = dock(tr("Details"), new DetailsPanel(state(), this), "details");
  QDockWidget* totals = dock(tr("Totals"), area_, "totals");
  QDockWidget* events = dock(tr("Events"), events_, "events");
  QDockWidget* summary = dock(tr("Summary"), summary_, "summary");
  splitDockWidget(details, totals, Qt::Horizontal);
  tabifyDockWidget(totals, events);
  tabifyDockWidget(events, summary);
  sweep_ = new SweepPanel(this);
  sweep_dock_ = dock(tr("Sweep"), sweep_, "sweep");
  QDockWidget* breakdown = dock(tr("Breakdown"), new BreakdownChart(state(), this), "breakdown");
  QDockWidget* memory = dock(tr("Memory"), new MemoryChart(state(), this), "memory");
  roofline_ = new RooflineChart(state(), this);
  network_ = new NetworkChart(state(), this);
  QDockWidget* roofline = dock(tr("Roofline"), roofline_, "roofline");
  QDockWidget* network = dock(tr("Network"), network_, "network");
  for (QDockWidget* one : {breakdown, memory, roofline, network, sweep_dock_}) tabifyDockWidget(summary, one);
  changes_ = new ChangesTable(this);
  changes_dock_ = dock(tr("Changes"), changes_, "changes");
  tabifyDockWidget(summary, changes_dock_);
  changes_dock_->hide();
  sweep_dock_->hide();
  connect(sweep_, &SweepPanel::chosen, this, [this](const QString& scenario, quint64 point) {
    OpenOptions options;
    options.sweep_point = point;
    open(scenario, options);
  });
  make_scenario_dock();
  totals->raise();
  resizeDocks({details, totals}, {420, 1000}, Qt::Horizontal);
  resizeDocks({details}, {230}, Qt::Vertical);
}

void MainWindow::make_scenario_dock() {
  scenario_ = new ScenarioPanel(this);
  scenario_dock_ = dock(tr("Scenario"), scenario_, "scenario");
  addDockWidget(Qt::RightDockWidgetArea, scenario_dock_);
  resizeDocks({scenario_dock_}, {520}, Qt::Horizontal);
  scenario_dock_->hide();
  connect(scenario_, &ScenarioPanel::run_requested, this, &MainWindow::run_changed);
}

void MainWindow::make_status_bar() {
  status_ = new QLabel(this);
  opening_bar_ = new TaskBar(tr("Opening"), this);
  second_bar_ = new TaskBar(tr("Second trace"), this);
  for (QWidget* one : std::initializer_list<QWidget*>{status_, second_bar_, opening_bar_})
    statusBar()->addPermanentWidget(one);
  connect(opening_bar_, &TaskBar::cancelled, this, &MainWindow::cancel);
  connect(second_bar_, &TaskBar::cancelled, this, &MainWindow::cancel_second);
}

void MainWindow::set_theme(const QString& name) {
  const Theme& theme = Theme::named(name);
  QApplication::setPalette(theme.palette());
  setStyleSheet(theme.style_sheet());
  state().set_theme(theme);
  page_->set_theme(theme);
  scenario_->set_theme(theme);
  if (compare_) compare_->second().state().set_theme(theme);
}

bool MainWindow::shows_page() const {
  return centre_->currentWidget() == page_;
}

// Panels speak of the timeline, so they come and go with it.
void MainWindow::show_page(bool page) {
  if (page == shows_page() || (page && !page_->has_page())) return;
  if (page) {
    panels_ = saveState();
    for (QDockWidget* dock : findChildren<QDockWidget*>()) dock->hide();
    for (QToolBar* bar : findChildren<QToolBar*>()) bar->hide();
  }
  centre_->setCurrentIndex(page ? 1 : 0);
  if (!page) restoreState(panels_);
  (page ? static_cast<QWidget*>(page_) : &timeline_->canvas())->setFocus();
}

// Nothing below a style sheet hears of the application's font, so each is told; what had letters
// of a size or a kind of its own keeps to that.
void MainWindow::set_font(const QFont& font) {
  const double ratio = font.pointSizeF() / QApplication::font().pointSizeF();
  std::vector<std::pair<QWidget*, double>> sizes;
  for (QWidget* one : findChildren<QWidget*>()) sizes.emplace_back(one, one->font().pointSizeF() * ratio);
  QApplication::setFont(font);
  for (const auto& [one, size] : sizes) {
    QFont own = one->font();
    if (qFuzzyCompare(own.pointSizeF(), size)) continue;
    own.setPointSizeF(size);
    one->setFont(own);
  }
}

void MainWindow::scale_text(int points) {
  QFont font = QApplication::font();
  font.setPointSizeF(std::clamp(font.pointSizeF() + points, 6.0, 30.0));
  const int before = QFontMetrics(QApplication::font()).height();
  set_font(font);
  LaneChoices choices = state().choices();
  choices.row_height = std::max(14, QFontMetrics(font).height() + 3);
  choices.name_width = choices.name_width * QFontMetrics(font).height() / std::max(1, before);
  state().set_choices(choices);
  page_->set_theme(*state().scene().theme);
  give_docks_room(static_cast<double>(QFontMetrics(font).height()) / std::max(1, before));
}

// Charts leave letters out where there is no room for them. Half of the window is the timeline's.
void MainWindow::give_docks_room(double ratio) {
  QList<QDockWidget*> below, beside;
  QList<int> heights, widths;
  for (QDockWidget* one : findChildren<QDockWidget*>()) {
    if (!one->isVisible() || one->isFloating()) continue;
    const bool is_below = dockWidgetArea(one) == Qt::BottomDockWidgetArea;
    (is_below ? below : beside) << one;
    (is_below ? heights : widths) << static_cast<int>(
        std::min(is_below ? one->height() * ratio : one->width() * ratio, (is_below ? height() : width()) / 2.0));
  }
  resizeDocks(below, heights, Qt::Vertical);
  resizeDocks(beside, widths, Qt::Horizontal);
}

}  // namespace orrery::gui

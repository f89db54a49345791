// Panels ask the same model, and lead back to the timeline.
#include <QChart>
#include <QChartView>
#include <QDir>
#include <QDropEvent>
#include <QLabel>
#include <QMimeData>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTreeWidget>
#include <QValueAxis>
#include <QXYSeries>

#include "gui/view/charts/breakdown_chart.h"
#include "gui/view/charts/memory_chart.h"
#include "gui/view/charts/network_chart.h"
#include "gui/view/charts/roofline_chart.h"
#include "gui/view/charts/sweep_panel.h"
#include "gui/view/panels/area_panel.h"
#include "gui/view/panels/details_panel.h"
#include "gui/view/panels/event_table.h"
#include "gui/view/panels/grouping_box.h"
#include "gui/view/window/compare_view.h"
#include "gui/view/window/render.h"
#include "tests/gui/view/window_fixture.h"

namespace orrery::gui {
namespace {

TEST_F(Window, DetailsTellOfTheSelectionAndLeadOn) {
  const EventRef receive = model().innermost(5, 700'000);
  state().select(receive);
  auto* details = window.findChild<DetailsPanel*>();
  EXPECT_EQ(details->topLevelItem(0)->text(1), "receive activation");
  const auto heads = details->findItems("Waits for", Qt::MatchExactly);
  ASSERT_EQ(heads.size(), 1);
  emit details->itemActivated(heads[0]->child(0), 0);
  EXPECT_EQ(model().name(state().selected()), "send activation");
}

TEST_F(Window, SlackIsToldWhereItIsKnown) {
  auto* details = window.findChild<DetailsPanel*>();
  const auto told = [&](EventRef e) {
    state().select(e);
    const auto found = details->findItems("Slack", Qt::MatchExactly);
    return found.isEmpty() ? QString() : found[0]->text(1);
  };
  EXPECT_TRUE(told(event(1, 1)).startsWith("none"));
  EXPECT_EQ(told(event(1, 2)), "250.0 us");
  EXPECT_EQ(told(event(1, 3)), QString());
  EventListModel list(state(), nullptr);
  state().show({0, 5'000'000});
  list.refill();
  const QModelIndex cell = list.index(list.row_of(event(1, 2)), EventListModel::slack);
  EXPECT_EQ(list.data(cell, Qt::DisplayRole).toString(), "250 us");
  state().set_critical({}, {});
  EXPECT_TRUE(window.findChild<EventTable*>()->isColumnHidden(EventListModel::slack));
}

// Of a run the work of its kernels is known; of most traces it is not, and the panel says so.
TEST_F(Window, TheRooflineHasTheKernelsOfARunOrSaysWhatIsMissing) {
  auto* panel = window.findChild<RooflineChart*>();
  panel->refill();
  const auto* view = panel->findChild<QChartView*>();
  EXPECT_TRUE(panel->findChild<QLabel*>()->text().contains("flops"));
  EXPECT_TRUE(view->chart()->series().isEmpty());
  window.open(QString::fromUtf8(ORRERY_SOURCE_DIR) + "/scenarios/bubble-4x8.yaml");
  ASSERT_TRUE(QTest::qWaitFor([&] { return !window.is_opening(); }, 20'000));
  panel->refill();
  EXPECT_GE(view->chart()->series().size(), 3);
  ASSERT_GT(panel->table().topLevelItemCount(), 5);
  panel->findChild<QTreeWidget*>()->setCurrentItem(panel->table().topLevelItem(2));
  EXPECT_EQ(static_cast<QXYSeries*>(view->chart()->series().back())->count(), 1) << "the chosen one is marked";
}

TEST_F(Window, TheNetworkChartComparesTwoTraces) {
  const auto with_transfers = [](double microseconds) {
    TraceMaker maker;
    const auto track = maker.track(maker.process("rank 0"), "tp");
    for (std::int64_t mb = 1; mb <= 8; mb *= 2)
      maker.slice(track, mb * 1'000, static_cast<std::int64_t>(microseconds) * mb, "reduce", "tp",
                  {{"transfer", std::string_view("all-reduce")}, {"bytes", mb << 20}});
    return maker.finish();
  };
  const auto opened = std::make_shared<Opened>();
  opened->model = with_transfers(10);
  window.show_opened("/nowhere/other.json", opened);
  state().show_all();
  auto* panel = window.findChild<NetworkChart*>();
  panel->refill();
  EXPECT_EQ(panel->table().topLevelItemCount(), 4);
  EXPECT_TRUE(panel->table().isColumnHidden(5));
  EXPECT_EQ(panel->table().topLevelItem(0)->text(3), "104.9");  // 1 MiB in 10 us
  compare_with(with_transfers(20));
  panel->refill();
  EXPECT_FALSE(panel->table().isColumnHidden(5));
  EXPECT_EQ(panel->table().topLevelItem(0)->text(5), "-50.0 %");
  EXPECT_EQ(panel->findChild<QChartView*>()->chart()->series().size(), 2);
}

TEST_F(Window, TotalsOfAnAreaAreThoseOfItsEvents) {
  state().set_area(Area{{0, 10'000'000}, 0, state().scene().lanes.height()});
  auto* panel = window.findChild<AreaPanel*>();
  panel->refill();
  const auto trees = panel->findChildren<QTreeWidget*>();
  const auto forward = trees[0]->findItems("forward", Qt::MatchExactly);
  ASSERT_EQ(forward.size(), 1);
  EXPECT_EQ(forward[0]->text(1), "12.00 ms");  // 2 ranks x 10 x 0.6 ms
  EXPECT_EQ(forward[0]->text(2), "60.0 %");
}

// When the hand rests they follow by themselves, without the window's waiting for them.
TEST_F(Window, PanelsFollowTheViewByThemselves) {
  auto* totals = window.findChild<AreaPanel*>();
  const auto says = [&](const QString& text) {
    for (const QLabel* label : totals->findChildren<QLabel*>())
      if (label->text().contains(text)) return true;
    return false;
  };
  state().show({0, 10'000'000});
  EXPECT_TRUE(QTest::qWaitFor([&] { return says("10.00 ms"); }, 10'000));
  state().set_area(Area{{0, 5'000'000}, 0, state().scene().lanes.height()});
  EXPECT_TRUE(QTest::qWaitFor([&] { return says("5.000 ms"); }, 10'000));
}

TEST_F(Window, TheEventTableIsInOrderOfTimeAndSelects) {
  EventListModel list(state(), nullptr);
  state().show({0, 5'000'000});
  list.refill();
  ASSERT_GT(list.rowCount(), 30);
  for (int i = 1; i < list.rowCount(); ++i)
    EXPECT_LE(model().range(list.event_at(i - 1)).begin, model().range(list.event_at(i)).begin);
  auto* table = window.findChild<EventTable*>();
  static_cast<EventListModel*>(table->model())->refill();
  emit table->activated(table->model()->index(7, 0));
  EXPECT_EQ(state().selected(), static_cast<EventListModel*>(table->model())->event_at(7));
}

TEST_F(Window, ChartsDrawWhatIsThere) {
  for (QWidget* chart :
       std::initializer_list<QWidget*>{window.findChild<BreakdownChart*>(), window.findChild<MemoryChart*>()}) {
    chart->resize(600, 300);
    if (auto* breakdown = qobject_cast<BreakdownChart*>(chart)) breakdown->refill();
    if (auto* memory = qobject_cast<MemoryChart*>(chart)) memory->refill();
    EXPECT_FALSE(chart->grab().isNull());
  }
}

// A point of a sweep leads to its scenario.
TEST_F(Window, ASweepOpensAsPoints) {
  const QTemporaryDir folder;
  const std::string path = folder.filePath("s.sqlite").toStdString();
  sweep::Meta meta;
  meta.file = "my.yaml", meta.points = 3;
  auto store = sweep::Store::open(path, meta);
  ASSERT_TRUE(store);
  std::vector<sweep::Row> rows(3);
  for (std::size_t i = 0; i < 3; ++i) {
    rows[i].index = i, rows[i].key = {1, i};
    rows[i].config = R"({"layout.tp": )" + std::to_string(1 << i) + "}";
    rows[i].outcome.status = sweep::Status::ok;
    rows[i].outcome.gpus = 8, rows[i].outcome.fits = true;
    rows[i].outcome.step_time_s = 3.0 - static_cast<double>(i), rows[i].outcome.tokens_per_s = 1e3;
  }
  ASSERT_TRUE(store->put(rows).empty());
  ASSERT_TRUE(store->finish().empty());
  window.open(QString::fromStdString(path));
  auto* panel = window.findChild<SweepPanel*>();
  ASSERT_EQ(panel->rows().size(), 3u);
  panel->disconnect(&window);
  QSignalSpy spy(panel, &SweepPanel::chosen);
  auto* table = panel->findChild<QTreeWidget*>();
  EXPECT_EQ(table->topLevelItem(0)->text(0), "tp 4") << "the fastest first";
  emit table->itemActivated(table->topLevelItem(0), 0);
  ASSERT_EQ(spy.count(), 1);
  EXPECT_EQ(spy[0][1].toULongLong(), 2u);
  // As a picture too, of either kind.
  RenderOptions options;
  options.file = QString::fromStdString(path);
  options.width = 800, options.height = 400;
  for (const char* name : {"a.png", "a.svg"}) {
    options.path = folder.filePath(name);
    EXPECT_EQ(render_sweep(options), QString());
    EXPECT_GT(QFileInfo(options.path).size(), 1'000);
  }
  options.file = "/nowhere.sqlite";
  EXPECT_NE(render_sweep(options), QString());
}

// What usually stands in a column of the event table is read whole.
TEST_F(Window, EventTableHasRoomForWhatItSays) {
  auto* table = window.findChild<EventTable*>();
  for (const QFont& larger : {QApplication::font(), QFont(QApplication::font().family(), 16)}) {
    table->setFont(larger);
    const auto wide = [&](const char* text) { return table->fontMetrics().horizontalAdvance(text); };
    EXPECT_GT(table->columnWidth(EventListModel::start), wide("15.46700590 ms"));
    EXPECT_GT(table->columnWidth(EventListModel::event_class), wide("PP communication"));
    EXPECT_GT(table->columnWidth(EventListModel::track), wide("receive backward"));
  }
}

// Axes end where the data end, and a trace without memory has none.
TEST_F(Window, ChartsHaveAxesOfWhatTheyShow) {
  MemoryChart memory(state());
  memory.refill();
  const auto axes = [](QWidget& of) { return of.findChild<QChartView*>()->chart()->axes(); };
  EXPECT_EQ(axes(memory).size(), 2);
  EXPECT_EQ(axes(memory).front()->titleText(), "time, ms");
  TraceMaker maker;
  maker.slice(maker.track(maker.process("GPU"), "stream 7"), 0, 10, "gemm", "kernel");
  state().set_model(maker.finish(), false);
  memory.refill();
  EXPECT_TRUE(axes(memory).empty());

  std::vector<sweep::Row> rows(2);
  for (std::size_t i = 0; i < 2; ++i) {
    rows[i].outcome.status = sweep::Status::ok;
    rows[i].outcome.gpus = 1, rows[i].outcome.fits = i == 0;
    rows[i].outcome.tokens_per_s = i == 0 ? 1'389 : 9'000;
    rows[i].outcome.reserved_bytes = i == 0 ? std::int64_t{70} << 30 : std::int64_t{2'000} << 30;
    rows[i].outcome.step_time_s = 1;
  }
  SweepPanel panel;
  panel.show_sweep({}, rows, Theme::named("light"));
  const auto* up = qobject_cast<QValueAxis*>(axes(panel).back());
  EXPECT_LE(up->max(), 1'450) << "of what lies beyond the right end nothing is asked";
  EXPECT_GE(up->max(), 1'389);
  EXPECT_TRUE(axes(panel).front()->titleText().contains("points beyond: 1"));
}

// A file is shown while it is read, and can be left.
TEST_F(Window, OpensInTheBackgroundAndCancels) {
  window.open(QString::fromUtf8(ORRERY_SOURCE_DIR) + "/scenarios/bubble-4x8.yaml");
  EXPECT_TRUE(window.is_opening());
  EXPECT_TRUE(QTest::qWaitFor([&] { return !window.is_opening(); }, 20'000));
  EXPECT_EQ(model().processes().size(), 4u);
  window.open(QString::fromUtf8(ORRERY_SOURCE_DIR) + "/scenarios/llama-3.1-70b-64-h100.yaml");
  window.cancel();
  QApplication::processEvents();
  EXPECT_FALSE(window.is_opening());
  QTest::qWait(50);
  EXPECT_EQ(model().processes().size(), 4u);
}

// Two traces move together, and what is selected in one is in the other.
TEST_F(Window, ComparesTwoTraces) {
  compare_with(sample_trace()->model);
  ASSERT_NE(window.compared(), nullptr);
  TimelineState& other = window.compared()->second().state();
  state().show({60'000'000, 70'000'000});
  EXPECT_EQ(other.scene().viewport.view(), view());
  state().select(event(1, 60));
  EXPECT_EQ(other.selected(), event(1, 60));
  key(Qt::Key_D, Qt::ControlModifier);
  EXPECT_EQ(window.compared(), nullptr);
}

// The sample says stages, and no more.
TEST_F(Window, GroupsThatTheTraceDoesNotTellCannotBeChosen) {
  auto* box = window.findChild<GroupingBox*>();
  const auto enabled = [&](Grouping g) {
    return (box->model()->flags(box->model()->index(static_cast<int>(g), 0)) & Qt::ItemIsEnabled) != 0;
  };
  EXPECT_TRUE(enabled(Grouping::stage));
  EXPECT_FALSE(enabled(Grouping::tp));
  EXPECT_TRUE(box->why_not(Grouping::tp).contains("does not say"));
  EXPECT_TRUE(box->toolTip().contains("does not say"));
  emit box->activated(static_cast<int>(Grouping::stage));
  EXPECT_EQ(state().scene().lanes.all()[0].label, "stage 0  (1 rank)");
  EXPECT_EQ(box->currentIndex(), static_cast<int>(Grouping::stage));
  TraceMaker foreign;
  foreign.slice(foreign.track(foreign.process("python"), "stream 7"), 0, 1);
  const auto opened = std::make_shared<Opened>();
  opened->model = foreign.finish();
  window.show_opened("/nowhere/foreign.json", opened);
  EXPECT_FALSE(enabled(Grouping::stage));
  EXPECT_EQ(state().choices().grouping, Grouping::none) << "what was chosen before is not there";
}

TEST_F(Window, DroppedFilesAreOpenedAndTheSecondIsComparedWith) {
  const QString file = QString::fromUtf8(ORRERY_SOURCE_DIR) + "/scenarios/bubble-4x8.yaml";
  QMimeData data;
  data.setUrls({QUrl::fromLocalFile(file), QUrl::fromLocalFile(file)});
  QDragEnterEvent enter({10, 10}, Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
  QApplication::sendEvent(&window, &enter);
  EXPECT_TRUE(enter.isAccepted());
  QDropEvent drop({10, 10}, Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
  QApplication::sendEvent(&window, &drop);
  ASSERT_TRUE(QTest::qWaitFor(
      [&] { return !window.is_opening() && window.compared() != nullptr && window.compared()->compared() != nullptr; },
      30'000));
  EXPECT_EQ(window.compared()->compared()->second->pairing().pairs(), model().events());
}

// What a person chose is there the next time: of a file, and of the window.
TEST_F(Window, TheSessionIsKept) {
  state().show({3'000'000, 9'000'000});
  state().set_colour_by(ColourBy::micro_batch);
  state().set_notes({{4'000'000, "here"}});
  window.set_theme("dark");
  window.close();
  MainWindow next;
  EXPECT_EQ(next.state().scene().theme->name, "dark");
  next.show_opened("/nowhere/sample.json", sample_trace());
  EXPECT_EQ(next.state().scene().viewport.view(), (TimeRange{3'000'000, 9'000'000}));
  EXPECT_EQ(next.state().scene().colour_by, ColourBy::micro_batch);
  ASSERT_EQ(next.state().notes().size(), 1u);
  EXPECT_EQ(next.state().notes()[0].text, "here");
  EXPECT_TRUE(QSettings().value("recent").toStringList().contains("/nowhere/sample.json"));
}

TEST_F(Window, TheTextGrowsAndLanesWithIt) {
  const int before = state().choices().row_height;
  window.scale_text(6);
  EXPECT_GT(state().choices().row_height, before);
  window.scale_text(-6);
}

}  // namespace
}  // namespace orrery::gui

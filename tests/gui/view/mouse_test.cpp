// What the mouse does, and what is where.
#include <QAccessible>
#include <QMenu>
#include <QNativeGestureEvent>

#include "tests/gui/view/window_fixture.h"

namespace orrery::gui {
namespace {

TEST_F(Window, AClickSelectsWhatIsThere) {
  state().show({0, 10'000'000});
  const EventRef wanted = event(1, 4);
  QTest::mouseClick(&canvas(), Qt::LeftButton, {}, middle_of(wanted));
  EXPECT_EQ(state().selected(), wanted);
  QTest::mouseClick(&canvas(), Qt::LeftButton, {}, {canvas().width() / 2, canvas().height() - 2});
  EXPECT_TRUE(state().selected().is_none());
}

// Where an event is drawn is where it is found, for every event in view.
TEST_F(Window, EveryEventIsFoundWhereItIsDrawn) {
  state().show({0, 10'000'000});
  for (std::uint32_t row = 0; row < model().rows().size(); ++row)
    for (std::uint32_t i = 0; i < model().rows()[row].size() && model().rows()[row].end(i) < 10'000'000; ++i)
      EXPECT_EQ(canvas().event_at(middle_of({row, i})), (EventRef{row, i}));
}

TEST_F(Window, ControlAndWheelZoomAtThePointer) {
  const QPoint at(400, 50);
  const Ns under = state().scene().viewport.at(400);
  wheel(at, 3, Qt::ControlModifier);
  EXPECT_LT(view().length(), model().extent().length());
  EXPECT_NEAR(static_cast<double>(state().scene().viewport.at(400)), static_cast<double>(under),
              state().scene().viewport.ns_per_pixel());
}

TEST_F(Window, APinchZoomsAtThePointer) {
  const Ns under = state().scene().viewport.at(400);
  QNativeGestureEvent pinch(Qt::ZoomNativeGesture, QPointingDevice::primaryPointingDevice(), 2, QPointF(400, 50),
                            QPointF(400, 50), QPointF(400, 50), 0.5, QPointF());
  QApplication::sendEvent(&canvas(), &pinch);
  EXPECT_LT(view().length(), model().extent().length());
  EXPECT_NEAR(static_cast<double>(state().scene().viewport.at(400)), static_cast<double>(under),
              state().scene().viewport.ns_per_pixel());
}

TEST_F(Window, ShiftAndWheelPan) {
  state().show({40'000'000, 50'000'000});
  wheel({400, 50}, -1, Qt::ShiftModifier);
  EXPECT_GT(view().begin, 40'000'000);
}

TEST_F(Window, TheWheelScrolls) {
  window.resize(1200, 420);
  QTest::qWait(1);
  wheel({400, 20}, -1);
  EXPECT_GT(state().scene().scroll, 0);
}

TEST_F(Window, DraggingWithShiftOrTheMiddleButtonPans) {
  state().show({40'000'000, 50'000'000});
  drag(canvas(), {500, 50}, {400, 50}, Qt::MiddleButton);
  const Ns once = view().begin;
  EXPECT_GT(once, 40'000'000);
  drag(canvas(), {500, 50}, {400, 50}, Qt::LeftButton, Qt::ShiftModifier);
  EXPECT_GT(view().begin, once);
  EXPECT_FALSE(state().area());
}

TEST_F(Window, DraggingSelectsAnAreaAndItsEdgesMove) {
  drag(canvas(), {200, 10}, {400, 60});
  ASSERT_TRUE(state().area());
  const TimeRange before = state().area()->range;
  EXPECT_EQ(before.begin, state().scene().viewport.at(200));
  EXPECT_FALSE(state().area_tracks().empty());
  drag(canvas(), {400, 30}, {500, 30});
  EXPECT_EQ(state().area()->range.begin, before.begin);
  EXPECT_EQ(state().area()->range.end, state().scene().viewport.at(500));
}

TEST_F(Window, DraggingOnTheRulerMeasures) {
  Ruler& ruler = window.timeline().ruler();
  drag(ruler, {100, 10}, {300, 10});
  ASSERT_TRUE(state().measure());
  EXPECT_EQ(state().measure()->length(), state().scene().viewport.at(300) - state().scene().viewport.at(100));
  EXPECT_EQ(view(), model().extent());
}

// 200 kB in 200 us are 1 GB/s.
TEST_F(Window, AMeasureInsideATransferTellsBytesAndRate) {
  const EventRef send = model().innermost(2, 700'000);
  state().select(send);
  const TimeRange range = model().range(send);
  const QString text = window.timeline().ruler().measure_text({range.begin, range.begin + range.length() / 2});
  EXPECT_TRUE(text.contains("97.7 KiB")) << text.toStdString();
  EXPECT_TRUE(text.contains("1.00 GB/s")) << text.toStdString();
}

TEST_F(Window, AltAndDraggingOnTheRulerZooms) {
  const Viewport before = state().scene().viewport;
  drag(window.timeline().ruler(), {100, 10}, {300, 10}, Qt::LeftButton, Qt::AltModifier);
  EXPECT_EQ(view(), (TimeRange{before.at(100), before.at(300)}));
}

TEST_F(Window, ADoubleClickFocuses) {
  state().show({0, 10'000'000});
  const QPoint at = middle_of(event(1, 4));
  QTest::mouseClick(&canvas(), Qt::LeftButton, {}, at);
  QTest::mouseDClick(&canvas(), Qt::LeftButton, {}, at);
  EXPECT_LT(view().length(), 2'500'000);
}

TEST_F(Window, TheMinimapMovesTheView) {
  state().show({10'000'000, 20'000'000});
  QTest::mouseClick(&window.timeline().minimap(), Qt::LeftButton, {}, {window.timeline().minimap().width() / 2, 10});
  EXPECT_NEAR(static_cast<double>(view().begin + view().end) / 2, 50e6, 1e6);
}

// It is drawn once, and again when what it is drawn from changes.
TEST_F(Window, TheMinimapFollowsThemesAndColours) {
  Minimap& map = window.timeline().minimap();
  state().show_all();
  const auto picture = [&] { return map.grab().toImage(); };
  QImage before = picture();
  EXPECT_EQ(picture(), before);
  state().set_colour_by(ColourBy::name);
  EXPECT_NE(picture(), before);
  before = picture();
  window.set_theme("dark");
  const int middle = map.width() / 2;
  const QRgb at = picture().pixel(middle, map.height() / 2);
  EXPECT_NE(at, before.pixel(middle, map.height() / 2));
}

TEST_F(Window, AClickOnARankCollapsesIt) {
  const std::size_t all = state().scene().lanes.all().size();
  QTest::mouseClick(&window.timeline().tree(), Qt::LeftButton, {}, {60, 8});
  EXPECT_LT(state().scene().lanes.all().size(), all);
}

TEST_F(Window, TheEdgeOfTheNamesCanBeDragged) {
  TrackTree& tree = window.timeline().tree();
  const int wide = tree.width(), left = canvas().width();
  drag(tree, {wide - 2, 100}, {wide + 98, 100});
  EXPECT_EQ(tree.width(), wide + 98);
  QApplication::processEvents();
  EXPECT_EQ(canvas().width(), left - 98);
  window.close();
  MainWindow next;
  EXPECT_EQ(next.timeline().tree().width(), wide + 98) << "it is kept";
}

TEST_F(Window, ADraggedNameGoesWhereTheLineWas) {
  TrackTree& tree = window.timeline().tree();
  const auto& lanes = state().scene().lanes.all();
  const std::string moved = lanes[1].path, last = lanes[4].path;
  ASSERT_EQ(lanes[4].is, Lane::Is::counter) << "the last of rank 0";
  const int from = lanes[1].y + lanes[1].height / 2, to = lanes[4].y + lanes[4].height - 3;
  drag(tree, {60, from}, {60, to});
  EXPECT_EQ(state().scene().lanes.all()[4].path, moved);
  EXPECT_EQ(state().scene().lanes.all()[3].path, last);
  const std::size_t all = state().scene().lanes.all().size();
  drag(tree, {60, 8}, {60, state().scene().lanes.height() - 6});
  EXPECT_EQ(state().scene().lanes.all()[0].path, "rank 1");
  EXPECT_EQ(state().scene().lanes.all().size(), all) << "a drag is no click";
}

TEST_F(Window, ARightClickOnANameOffersToFoldPinAndMove) {
  TrackTree& tree = window.timeline().tree();
  const Lane compute = state().scene().lanes.all()[2];
  ASSERT_EQ(compute.path, "rank 0/compute");
  const auto choose = [&](QContextMenuEvent::Reason reason, const QString& what) {
    const QPoint at(60, compute.y + compute.height / 2);
    QContextMenuEvent event(reason, at, tree.mapToGlobal(at));
    QApplication::sendEvent(&tree, &event);
    auto* menu = tree.findChild<QMenu*>();
    ASSERT_NE(menu, nullptr);
    for (QAction* action : menu->actions())
      if (action->text() == what) action->trigger();
    delete menu;
  };
  choose(QContextMenuEvent::Mouse, "Pin to the top");
  ASSERT_EQ(state().scene().lanes.pinned().size(), 1u);
  EXPECT_EQ(state().scene().lanes.pinned()[0].path, compute.path);
  choose(QContextMenuEvent::Mouse, "Collapse all");
  EXPECT_TRUE(state().scene().lanes.all()[0].collapsed);
  // By the key it is of the current track, wherever the pointer is.
  state().set_all_collapsed(false);
  state().set_current_lane(0);
  choose(QContextMenuEvent::Keyboard, "Collapse");
  EXPECT_TRUE(state().scene().lanes.all()[0].collapsed);
}

// How a person left the tracks of a file is how they find them.
TEST_F(Window, TheOrderOfTracksIsKeptForTheNextTime) {
  state().set_current_lane(0);
  state().move_current(1);
  ASSERT_EQ(state().scene().lanes.all()[0].path, "rank 1");
  window.close();
  MainWindow next;
  next.show_opened("/nowhere/sample.json", sample_trace());
  EXPECT_EQ(next.state().scene().lanes.all()[0].path, "rank 1");
}

// What is drawn is told to screen readers as well, and where it is: tracks, and in them events.
TEST_F(Window, ScreenReadersFindTheTracksAndEventsInView) {
  state().show({0, 10'000'000});
  QAccessibleInterface* access = QAccessible::queryAccessibleInterface(&canvas());
  ASSERT_NE(access, nullptr);
  ASSERT_EQ(access->childCount(), 6);
  QAccessibleInterface* track = access->child(1);
  EXPECT_EQ(track->role(), QAccessible::Row);
  EXPECT_EQ(track->text(QAccessible::Name), "rank 0/compute");
  EXPECT_EQ(access->indexOfChild(track), 1);
  QAccessibleInterface* first = access->child(0)->child(0);
  EXPECT_EQ(first->text(QAccessible::Name), "forward, F0, 0 ns, 900.0 us");
  EXPECT_EQ(first->rect().topLeft(), canvas().mapToGlobal(canvas().rect_of(event(0, 0)).topLeft()));
  EXPECT_EQ(first->parent()->text(QAccessible::Name), "rank 0/schedule");
  state().select(event(0, 2));
  EXPECT_TRUE(access->text(QAccessible::Value).contains("F2"));
  EXPECT_TRUE(access->child(0)->child(2)->state().selected);
}

TEST_F(Window, EveryThemeDrawsEveryLane) {
  for (const Theme& theme : Theme::all()) {
    window.set_theme(theme.name);
    const QImage picture = canvas().grab().toImage();
    const QRect box = canvas().rect_of(event(1, 4));
    EXPECT_NE(picture.pixelColor(box.center()), theme.lanes) << theme.name.toStdString();
  }
}

}  // namespace
}  // namespace orrery::gui

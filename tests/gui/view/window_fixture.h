#pragma once

#include <gtest/gtest.h>

#include <QApplication>
#include <QMouseEvent>
#include <QSettings>
#include <QTest>
#include <QWheelEvent>

#include "gui/view/timeline/canvas/canvas.h"
#include "gui/view/timeline/minimap.h"
#include "gui/view/timeline/ruler.h"
#include "gui/view/timeline/track_tree.h"
#include "gui/view/window/main_window.h"
#include "tests/gui/model/trace_maker.h"

namespace orrery::gui {

// Two ranks that compute, reduce and send; a hundred times over.
inline std::shared_ptr<const Opened> sample_trace(std::int64_t compute_us = 600) {
  TraceMaker maker;
  using Point = interop::TraceFlowPoint::Kind;
  std::array<std::uint32_t, 2> compute{}, pp{}, memory{};
  for (std::uint32_t r = 0; r < 2; ++r) {
    const auto rank = maker.process("rank " + std::to_string(r), "stage " + std::to_string(r), r);
    const auto schedule = maker.track(rank, "schedule");
    compute[r] = maker.track(rank, "compute"), pp[r] = maker.track(rank, "send forward");
    memory[r] = maker.counter(rank, "memory (bytes)", "activations");
    for (int i = 0; i < 100; ++i) {
      const std::vector<interop::TraceArgument> action = {
          {"step", std::int64_t{i / 50}}, {"action", std::string_view("F")}, {"micro_batch", std::int64_t{i % 50}}};
      maker.slice(schedule, i * 1'000, 900, "F" + std::to_string(i), "schedule", action);
      maker.slice(compute[r], i * 1'000, compute_us, "fc" + std::to_string(i % 2 + 1), "compute", action);
      maker.count(memory[r], i * 1'000, 1'000.0 * (i % 10));
    }
  }
  const std::vector<interop::TraceArgument> moved = {{"bytes", std::int64_t{200'000}}};
  for (int i = 0; i < 100; ++i) {
    maker.slice(pp[0], i * 1'000 + 600, 200, "send activation", "pp", moved);
    maker.slice(pp[1], i * 1'000 + 600, 400, "receive activation", "pp", moved);
    maker.flow(static_cast<std::uint64_t>(i), Point::start, pp[0], i * 1'000 + 650);
    maker.flow(static_cast<std::uint64_t>(i), Point::end, pp[1], i * 1'000 + 700);
  }
  auto opened = std::make_shared<Opened>();
  opened->model = maker.finish();
  opened->critical_path = {{1, 0}, {1, 1}};
  Slack::Rows slack(opened->model->rows().size());
  slack[1] = {0, 0, 250'000};
  opened->slack = Slack(std::move(slack));
  return opened;
}

class Window : public testing::Test {
 protected:
  void SetUp() override {
    QSettings().clear();
    window.resize(1200, 800);
    window.show();
    ASSERT_TRUE(QTest::qWaitForWindowExposed(&window));
    window.activateWindow();  // on a bare X server nobody else does
    ASSERT_TRUE(QTest::qWaitForWindowActive(&window));
    window.show_opened("/nowhere/sample.json", sample_trace());
    state().show_all();
    canvas().setFocus();
  }

  TimelineState& state() { return window.state(); }
  Canvas& canvas() { return window.timeline().canvas(); }
  TimeRange view() { return state().scene().viewport.view(); }
  const TraceModel& model() { return state().model(); }

  void compare_with(const std::shared_ptr<const TraceModel>& second) {
    window.compare_with(second);
    wait_for_comparison();
  }
  void wait_for_comparison() {
    ASSERT_TRUE(QTest::qWaitFor([&] { return !window.is_comparing(); }, 20'000));
  }

  void key(Qt::Key key, Qt::KeyboardModifiers with = Qt::NoModifier) { QTest::keyClick(&canvas(), key, with); }
  // An event of the sample, by where it is: rows are schedule, compute, pp of each rank.
  EventRef event(std::uint32_t row, std::uint32_t index) { return {row, index}; }
  QPoint middle_of(EventRef e) { return canvas().rect_of(e).center(); }
  void drag(QWidget& on, QPoint from, QPoint to, Qt::MouseButton button = Qt::LeftButton,
            Qt::KeyboardModifiers with = Qt::NoModifier) {
    QTest::mousePress(&on, button, with, from);
    for (int i = 1; i <= 4; ++i) move(on, from + (to - from) * i / 4, button, with);
    QTest::mouseRelease(&on, button, with, to);
  }
  void move(QWidget& on, QPoint to, Qt::MouseButton held = Qt::NoButton, Qt::KeyboardModifiers with = Qt::NoModifier) {
    QMouseEvent event(QEvent::MouseMove, to, on.mapToGlobal(to), Qt::NoButton, held, with);
    QApplication::sendEvent(&on, &event);
  }
  void wheel(QPoint at, int notches, Qt::KeyboardModifiers with = Qt::NoModifier) {
    QWheelEvent event(at, canvas().mapToGlobal(at), {}, {0, 120 * notches}, Qt::NoButton, with, Qt::NoScrollPhase,
                      false);
    QApplication::sendEvent(&canvas(), &event);
  }

  MainWindow window;
};

}  // namespace orrery::gui

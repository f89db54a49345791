// A second trace in the lanes of the first.
#include "gui/view/panels/details_panel.h"
#include "gui/view/window/compare_view.h"
#include "tests/gui/view/window_fixture.h"

namespace orrery::gui {
namespace {

class Overlaid : public Window {
 protected:
  void SetUp() override {
    Window::SetUp();
    compare_with(sample_trace(900)->model);
    key(Qt::Key_D, Qt::ControlModifier | Qt::ShiftModifier);
    ASSERT_NE(state().scene().second, nullptr);
    state().show({0, 5'000'000});
  }
  QPoint middle_of_second(EventRef e) { return canvas().second_rect_of(e).center(); }
};

TEST_F(Overlaid, TheKeyTurnsItOnAndOff) {
  EXPECT_FALSE(window.compared()->second().isVisible());
  const int height = state().scene().lanes.height();
  key(Qt::Key_D, Qt::ControlModifier | Qt::ShiftModifier);
  EXPECT_EQ(state().scene().second, nullptr);
  EXPECT_TRUE(window.compared()->second().isVisible());
  EXPECT_LT(state().scene().lanes.height(), height);
  key(Qt::Key_D, Qt::ControlModifier | Qt::ShiftModifier);
  key(Qt::Key_D, Qt::ControlModifier);
  EXPECT_EQ(window.compared(), nullptr);
  EXPECT_EQ(state().scene().second, nullptr) << "it goes with the comparison";
}

TEST_F(Overlaid, EachHalfOfALaneHasItsOwnEvents) {
  const QRect above = canvas().rect_of(event(1, 2)), below = canvas().second_rect_of(event(1, 2));
  EXPECT_EQ(above.left(), below.left());
  EXPECT_LT(above.bottom(), below.top());
  EXPECT_NEAR(below.width(), 1.5 * above.width(), 3);
  EXPECT_EQ(canvas().event_at(above.center()), event(1, 2));
  EXPECT_TRUE(canvas().second_at(above.center()).is_none());
  EXPECT_EQ(canvas().second_at(below.center()), event(1, 2));
  EXPECT_TRUE(canvas().event_at(below.center()).is_none());
}

TEST_F(Overlaid, TheSecondIsColouredByDifference) {
  const QImage picture = canvas().grab().toImage();
  const auto colour = [&](QPoint at) { return picture.pixelColor(at + QPoint(0, 7)).rgb(); };  // below letters
  EXPECT_EQ(colour(middle_of_second(event(1, 2))), DifferenceColours(*state().scene().theme).of(difference_of(2, 3)));
  EXPECT_EQ(colour(middle_of_second(event(0, 2))), DifferenceColours(*state().scene().theme).of(0));
  EXPECT_EQ(colour(middle_of(event(1, 2))), state().scene().colours.of_kind(model().row(event(1, 2))[2].kind));
}

TEST_F(Overlaid, AClickOnTheSecondSelectsItsPartner) {
  QTest::mouseClick(&canvas(), Qt::LeftButton, {}, middle_of_second(event(1, 2)));
  EXPECT_EQ(state().selected(), event(1, 2));
  const auto found = window.findChild<DetailsPanel*>()->findItems("Compared", Qt::MatchExactly);
  ASSERT_EQ(found.size(), 1);
  EXPECT_EQ(found[0]->text(1).toStdString(), "in the second: 900.0 us, +50.0 %");
}

TEST_F(Overlaid, TheTreeFoldsBothTogether) {
  const Lane lane = state().scene().lanes.all()[2];
  ASSERT_EQ(lane.path, "rank 0/compute");
  EXPECT_EQ(lane.second_rows, 1u);
  state().set_all_collapsed(true);
  const Lane& process = state().scene().lanes.all()[0];
  EXPECT_EQ(process.second_rows, 1u);
  EXPECT_LT(process.first_height, process.row_height);
}

// A model that takes the place of the first, as while a file is read, is compared anew.
TEST_F(Overlaid, ANewModelIsPairedAnew) {
  const auto before = state().scene().second;
  state().set_model(sample_trace(700)->model, true);
  EXPECT_EQ(state().scene().second, nullptr);
  wait_for_comparison();
  ASSERT_NE(state().scene().second, nullptr);
  EXPECT_NE(state().scene().second, before);
  EXPECT_NEAR(*ratio_of(*state().scene().second, model(), event(1, 0)), 900.0 / 700, 1e-9);
}

}  // namespace
}  // namespace orrery::gui

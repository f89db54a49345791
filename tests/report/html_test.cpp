#include <gtest/gtest.h>

#include "report/html/page.h"
#include "report/html/svg.h"
#include "tests/report/support.h"

namespace orrery::report {
namespace {

Time at(std::int64_t us) {
  return Time::at(Duration::us(us));
}

// One rank: F0 from 10 to 30 us with two transfers inside that overlap, then one apart.
class HtmlPage : public ::testing::Test {
 protected:
  HtmlPage() {
    sim::ProgramBuilder b("stage 0");
    const auto main = b.add_stream("compute"), side = b.add_stream("side");
    b.marker(main, {sim::Marker::Kind::action_begin, 'F', 0, 0});
    for (int i = 0; i < 2; ++i) b.collective(main, {sim::TransferKind::all_reduce, 0, 0, Bytes{1}}, 1, b.label("sum"));
    b.collective(side, {sim::TransferKind::all_reduce, 0, 0, Bytes{1}}, 1, b.label("sum"));
    b.marker(main, {sim::Marker::Kind::action_end, 'F', 0, 0});
    run_.programs.add(std::move(b).finish());
    run_.program_of.add(ProgramId{0});
    run_.categories = {{"compute", false}, {"tp", false}};
    run_.steps = 1;
  }

  void tell(StepTimeline& timeline) const {
    timeline.span({RankId{0}, 0, 0, 0, at(10), at(10), at(10)});
    timeline.span({RankId{0}, 0, 0, 1, at(10), at(12), at(16)});
    timeline.span({RankId{0}, 1, 0, 0, at(14), at(14), at(18)});
    timeline.span({RankId{0}, 0, 0, 2, at(16), at(25), at(28)});
    timeline.span({RankId{0}, 0, 0, 3, at(30), at(30), at(30)});
  }

  sim::Workload run_;
};

TEST_F(HtmlPage, ActionsAreWhatLiesBetweenTheirMarkers) {
  StepTimeline timeline(run_, {RankId{0}});
  tell(timeline);
  ASSERT_EQ(timeline.actions(RankId{0}).size(), 1u);
  EXPECT_EQ(timeline.actions(RankId{0})[0].start, at(10));
  EXPECT_EQ(timeline.actions(RankId{0})[0].end, at(30));
}

// Waiting for peers (start to met) is no transfer.
TEST_F(HtmlPage, TransfersThatOverlapAreOneAndThoseApartAreNot) {
  StepTimeline timeline(run_, {RankId{0}});
  tell(timeline);
  const auto apart = timeline.transfers(RankId{0}, 1, Duration());
  ASSERT_EQ(apart.size(), 2u);
  EXPECT_EQ(apart[0].start, at(12));
  EXPECT_EQ(apart[0].end, at(18));
  EXPECT_EQ(timeline.transfers(RankId{0}, 1, Duration::us(7)).size(), 1u);
  EXPECT_TRUE(timeline.transfers(RankId{0}, 0, Duration()).empty());
}

TEST_F(HtmlPage, StandsAloneAndTakesNamesAsText) {
  StepTimeline timeline(run_, {RankId{0}});
  tell(timeline);
  Result result = testing::example_result();
  result.scenario = "<b>7B & more</b>";
  const MemoryOverTime memory{Duration::us(20), {{Bytes{1}, Bytes{2}}}};
  const std::string page =
      run_page({result, run_, timeline, {RankId{0}}, {result.time}, memory, nullptr, at(10), at(30)});
  EXPECT_NE(page.find("&lt;b&gt;7B &amp; more&lt;/b&gt;"), std::string::npos);
  EXPECT_EQ(page.find("<b>7B"), std::string::npos);
  for (const char* outside : {"http://", "https://", "src=", "@import"})
    EXPECT_EQ(page.find(outside), std::string::npos);
  EXPECT_NE(page.find("takes 20.00 us: F0.0"), std::string::npos);
  EXPECT_EQ(page.find("{{"), std::string::npos);  // every place of the template was filled
}

TEST(Svg, NumbersAreShortAndWithoutExponent) {
  EXPECT_EQ(svg::number(0), "0");
  EXPECT_EQ(svg::number(-1.5), "-1.5");
  EXPECT_EQ(svg::number(0.0004), "0");
  EXPECT_EQ(svg::number(12.3456), "12.346");
  EXPECT_EQ(svg::number(1e7), "10000000");
  EXPECT_EQ(svg::share(0.25), "25%");
}

}  // namespace
}  // namespace orrery::report

#include <gtest/gtest.h>

#include "gui/model/ask/find/fuzzy.h"
#include "gui/model/ask/find/search.h"
#include "gui/model/ask/lanes/lanes.h"
#include "gui/model/ask/lanes/reorder.h"
#include "gui/model/ask/time/ticks.h"
#include "gui/model/ask/time/viewport.h"
#include "gui/model/ask/work/area.h"
#include "tests/gui/model/trace_maker.h"

namespace orrery::gui {
namespace {

TEST(Viewport, WhatIsUnderThePointerStaysThere) {
  Viewport v;
  v.set_limits({0, 1'000'000}), v.set_width(1'000);
  const Ns under = v.at(300);
  v.zoom(7, 300);
  EXPECT_NEAR(static_cast<double>(v.at(300)), static_cast<double>(under), v.ns_per_pixel());
  EXPECT_NEAR(static_cast<double>(v.view().length()), 1'000'000 / 7.0, 1);
}

TEST(Viewport, NeverLeavesWhatThereIs) {
  Viewport v;
  v.set_limits({100, 10'100}), v.set_width(100);
  v.zoom(10, 50), v.pan(-1e9);
  EXPECT_EQ(v.view().begin, 100);
  v.pan(1e9);
  EXPECT_EQ(v.view().end, 10'100);
  v.zoom(1e-9, 50);
  EXPECT_EQ(v.view(), v.limits());
  v.zoom(1e12, 50);
  EXPECT_EQ(v.view().length(), Viewport::kShortest);
}

TEST(Viewport, GoesBackAndForthThroughJumps) {
  Viewport v;
  v.set_limits({0, 1'000'000}), v.set_width(1'000);
  v.show({10'000, 20'000});
  v.show({12'000, 13'000});
  EXPECT_TRUE(v.back());
  EXPECT_EQ(v.view(), (TimeRange{10'000, 20'000}));
  EXPECT_TRUE(v.back());
  EXPECT_EQ(v.view(), v.limits());
  EXPECT_FALSE(v.back());
  EXPECT_TRUE(v.forward());
  EXPECT_TRUE(v.forward());
  EXPECT_EQ(v.view(), (TimeRange{12'000, 13'000}));
  EXPECT_FALSE(v.forward());
}

TEST(Ticks, AreRoundAndFarEnoughApart) {
  const Ticks ticks = ticks_of({1'234'000, 7'700'000}, 1'000, 90);
  EXPECT_EQ(ticks.step, 1'000'000);
  ASSERT_EQ(ticks.ticks.size(), 6u);
  EXPECT_EQ(ticks.ticks[0].label, "2 ms");
  EXPECT_EQ(ticks_of({0, 1'000}, 1'000, 90).step, 100);
}

TEST(Ticks, TimesAreReadable) {
  EXPECT_EQ(time_text(22'515'698), "22.52 ms");
  EXPECT_EQ(exact_time_text(22'515'698), "22.515698 ms");
  EXPECT_EQ(exact_time_text(3'000'000'000), "3 s");
  EXPECT_EQ(time_text(12), "12 ns");
}

std::shared_ptr<const TraceModel> two_ranks() {
  TraceMaker maker;
  for (int r = 0; r < 2; ++r) {
    const auto rank = maker.process("rank " + std::to_string(r), "stage " + std::to_string(1 - r), r);
    const auto compute = maker.track(rank, "compute"), tp = maker.track(rank, "tp");
    const auto memory = maker.counter(rank, "memory (bytes)", "weights");
    maker.count(memory, 0, 5);
    const std::vector<interop::TraceArgument> moved = {{"bytes", std::int64_t{1'000}}};
    maker.slice(compute, 0, 10, "fc1"), maker.slice(compute, 20, 10, "fc2");
    maker.slice(compute, 20, 4, "part of fc2");
    maker.slice(tp, 5, 20, "all-gather", "tp", moved);
  }
  return maker.finish();
}

// 5 to 25 is on the wire; 5 to 10 and 20 to 25 are hidden behind kernels.
TEST(Area, ExposedIsWhatNoKernelHides) {
  const auto model = two_ranks();
  const std::vector<std::uint32_t> tracks = {0, 1, 2, 3};
  const AreaTotals totals = totals_of(*model, tracks, {0, 30'000});
  EXPECT_EQ(totals.processes, 2u);
  EXPECT_EQ(totals.by_class[index_of(EventClass::tp)], 2 * 20'000);
  EXPECT_EQ(totals.exposed[index_of(EventClass::tp)], 2 * 10'000);
  EXPECT_EQ(totals.by_class[index_of(EventClass::compute)], 2 * 20'000) << "nested calls count once";
  EXPECT_EQ(model->names()[totals.names[0].name], "all-gather");
  EXPECT_EQ(totals.names[0].bytes, 2'000);
}

TEST(Area, CutsAtItsEdges) {
  const auto model = two_ranks();
  const std::vector<std::uint32_t> tracks = {0};
  const AreaTotals totals = totals_of(*model, tracks, {5'000, 22'000});
  EXPECT_EQ(totals.by_class[index_of(EventClass::compute)], 5'000 + 2'000);
}

// What an annotation lies around counts as what it is; what lies within a call is part of that.
TEST(Area, AnAnnotationHidesNothing) {
  TraceMaker maker;
  const auto thread = maker.track(maker.process("python"), "thread 1");
  maker.slice(thread, 0, 100, "step", "user_annotation");
  maker.slice(thread, 0, 60, "forward", "user_annotation");
  maker.slice(thread, 10, 20, "aten::linear", "cpu_op");
  maker.slice(thread, 12, 10, "aten::mm", "cpu_op");
  maker.slice(thread, 40, 10, "aten::relu", "cpu_op");
  maker.slice(thread, 70, 20, "aten::to", "cpu_op");
  maker.slice(thread, 72, 10, "within a call", "user_annotation");
  maker.slice(thread, 73, 5, "aten::copy_", "cpu_op");
  maker.slice(thread, 200, 30, "alone", "cpu_op");
  const auto model = maker.finish();
  const auto of = [&](TimeRange range, EventClass is) {
    const std::uint32_t tracks[] = {0};
    return totals_of(*model, tracks, range).by_class[static_cast<std::size_t>(index_of(is))];
  };
  EXPECT_EQ(of({0, 300'000}, EventClass::host), 20'000 + 10'000 + 20'000 + 30'000);
  EXPECT_EQ(of({0, 300'000}, EventClass::annotation), 100'000);
  EXPECT_EQ(of({15'000, 80'000}, EventClass::host), 15'000 + 10'000 + 10'000);
}

TEST(Search, GoesThroughHitsInOrderOfTime) {
  const auto model = two_ranks();
  const Marks hits(*model, [](std::string_view name) { return name.starts_with("fc"); });
  EXPECT_EQ(hits.count(), 4u);
  std::vector<Ns> starts;
  for (EventRef e = hits.next(*model, EventRef::none()); !e.is_none(); e = hits.next(*model, e))
    starts.push_back(model->range(e).begin);
  EXPECT_EQ(starts, (std::vector<Ns>{0, 0, 20'000, 20'000}));
  EventRef last = hits.previous(*model, EventRef::none());
  EXPECT_EQ(model->name(last), "fc2");
  EXPECT_EQ(model->range(hits.previous(*model, hits.previous(*model, last))).begin, 0);
}

TEST(Search, MarksShowInTheirColumns) {
  const auto model = two_ranks();
  const Marks hits(*model, [](std::string_view name) { return name == "fc2"; });
  std::vector<bool> columns(30);
  hits.sample(model->rows()[0], 0, {0, 30'000}, columns);
  EXPECT_FALSE(columns[5]);
  EXPECT_TRUE(columns[25]);
}

TEST(Lanes, FollowEachOtherWithoutOverlap) {
  const auto model = two_ranks();
  const Lanes lanes(*model, {});
  ASSERT_EQ(lanes.all().size(), 2u * 4);  // rank, compute, tp, memory
  for (std::size_t i = 1; i < lanes.all().size(); ++i)
    EXPECT_GE(lanes.all()[i].y, lanes.all()[i - 1].y + lanes.all()[i - 1].height);
  for (std::size_t i = 0; i < lanes.all().size(); ++i) EXPECT_EQ(lanes.at(lanes.all()[i].y), static_cast<int>(i));
  EXPECT_EQ(lanes.at(-1), -1);
}

TEST(Lanes, CollapsePinFilterGroup) {
  const auto model = two_ranks();
  LaneChoices choices;
  choices.collapsed = {"rank 0"};
  EXPECT_EQ(Lanes(*model, choices).all().size(), 1u + 4);
  EXPECT_EQ(Lanes(*model, choices).all()[0].rows, 1u) << "its compute stream stands for it";
  choices.pinned = {"rank 1/tp"};
  EXPECT_EQ(Lanes(*model, choices).pinned().size(), 1u);
  choices = {};
  choices.filter = "TP";
  EXPECT_EQ(Lanes(*model, choices).all().size(), 2u * 2);
  choices = {};
  choices.grouping = Grouping::stage;
  const Lanes grouped(*model, choices);
  EXPECT_EQ(grouped.all()[0].label, "stage 0  (1 rank)");
  EXPECT_EQ(grouped.all()[1].path, "rank 1");
  choices.moved = {"rank 1"};
  choices.grouping = Grouping::none;
  EXPECT_EQ(Lanes(*model, choices).all()[0].path, "rank 1");
}

// A trace of one of ours has places, an older one stages, a profiler's nothing.
TEST(Grouping, IsThereWhereTheTraceTells) {
  const auto with = [](const std::string& labels) {
    TraceMaker maker;
    maker.slice(maker.track(maker.process("rank 3", labels), "compute"), 0, 1);
    return maker.finish();
  };
  const auto placed = with("stage 1, node 2, pp 1, dp 0, cp 4, tp 3, ep 5"), staged = with("stage 1"),
             foreign = with("GPU 0");
  for (const Grouping g : {Grouping::node, Grouping::stage, Grouping::tp, Grouping::dp, Grouping::cp, Grouping::ep}) {
    EXPECT_EQ(why_not_grouped(*placed, g), "");
    EXPECT_EQ(why_not_grouped(*staged, g).empty(), g == Grouping::stage);
    EXPECT_NE(why_not_grouped(*foreign, g), "");
  }
  EXPECT_EQ(why_not_grouped(*foreign, Grouping::none), "");
  EXPECT_EQ(placed->processes()[0].labels, "stage 1");
  EXPECT_EQ(coordinate(placed->processes()[0], Grouping::ep), 5u);
  EXPECT_EQ(coordinate(staged->processes()[0], Grouping::stage), 1u);
}

std::vector<std::string> paths_of(const TraceModel& model, const LaneChoices& choices) {
  std::vector<std::string> paths;
  const Lanes lanes(model, choices);
  for (const Lane& lane : lanes.all()) paths.push_back(lane.path);
  return paths;
}

// A lane goes beside another of its kind and place, and all the rest keeps its order.
TEST(Reorder, MovesALaneAmongItsSiblings) {
  const auto model = two_ranks();
  LaneChoices choices;
  const std::vector<std::string> before = paths_of(*model, choices);
  const std::vector<std::string> tracks = siblings_of(Lanes(*model, choices), "rank 0/compute");
  ASSERT_GE(tracks.size(), 2u);
  choices.moved = moved_beside(*model, choices, tracks.back(), tracks.front(), false);
  std::vector<std::string> expected = before;
  const auto begin = std::find(expected.begin(), expected.end(), tracks.front());
  std::rotate(begin, begin + std::ssize(tracks) - 1, begin + std::ssize(tracks));
  EXPECT_EQ(paths_of(*model, choices), expected);
  choices.moved = moved_beside(*model, choices, "rank 0", "rank 1", true);
  EXPECT_EQ(paths_of(*model, choices).front(), "rank 1");
  choices.moved = moved_beside(*model, choices, tracks.back(), tracks.front(), true);
  choices.moved = moved_beside(*model, choices, "rank 1", "rank 0", true);
  EXPECT_EQ(siblings_of(Lanes(*model, choices), "rank 0"), (std::vector<std::string>{"rank 0", "rank 1"}));
}

TEST(Reorder, LeavesOthersAndWhatIsHiddenAlone) {
  const auto model = two_ranks();
  LaneChoices choices;
  EXPECT_TRUE(moved_beside(*model, choices, "rank 0/compute", "rank 1/compute", true).empty()) << "of another rank";
  EXPECT_TRUE(moved_beside(*model, choices, "rank 0", "nobody", true).empty());
  choices.grouping = Grouping::stage;
  EXPECT_TRUE(moved_beside(*model, choices, "rank 0", "rank 1", true).empty()) << "of another group";
  choices.grouping = Grouping::none;
  const std::vector<std::string> before = paths_of(*model, choices);
  LaneChoices few = choices;
  few.filter = "tp";
  few.collapsed = {"rank 1"};
  choices.moved = moved_beside(*model, few, "rank 0", "rank 1", true);
  choices.moved = moved_beside(*model, choices, "rank 0", "rank 1", false);
  EXPECT_EQ(paths_of(*model, choices), before);
}

TEST(Lanes, AnAreaTakesTracksInsideOfCollapsedProcesses) {
  const auto model = two_ranks();
  LaneChoices choices;
  choices.collapsed = {"rank 0", "rank 1"};
  const Lanes lanes(*model, choices);
  EXPECT_EQ(lanes.tracks_between(*model, 0, lanes.height()).size(), 4u);
}

TEST(Fuzzy, LettersInOrderAndBetterTogether) {
  EXPECT_EQ(fuzzy_score("xyz", "rank 0/compute"), 0);
  EXPECT_GT(fuzzy_score("r0c", "rank 0/compute"), 0);
  EXPECT_GT(fuzzy_score("comp", "rank 0/compute"), fuzzy_score("comp", "c-o-m-p"));
  EXPECT_GT(fuzzy_score("z", "zoom"), fuzzy_score("z", "size"));
}

}  // namespace
}  // namespace orrery::gui

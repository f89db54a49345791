#include <gtest/gtest.h>

#include <random>

#include "tests/gui/model/trace_maker.h"

namespace orrery::gui {
namespace {

using Point = interop::TraceFlowPoint::Kind;

// Inner slices go to lower rows, whatever the order in which a file tells of them.
TEST(TraceBuilder, NestingLevelsAreRows) {
  TraceMaker maker;
  const auto track = maker.track(maker.process("rank 0"), "compute");
  maker.slice(track, 2, 3, "inner");
  maker.slice(track, 0, 10, "outer");
  maker.slice(track, 6, 2, "inner too");
  maker.slice(track, 6, 1, "innermost");
  maker.slice(track, 10, 5, "after");
  const auto model = maker.finish();
  ASSERT_EQ(model->rows().size(), 3u);
  EXPECT_EQ(model->rows()[0].size(), 2u);
  EXPECT_EQ(model->rows()[1].size(), 2u);
  EXPECT_EQ(model->name(model->innermost(0, 6'500)), "innermost");
  EXPECT_EQ(model->name(model->innermost(0, 5'500)), "outer");
  EXPECT_EQ(model->extent(), (TimeRange{0, 15'000}));
}

// Events of one row never overlap and stay in order, and none is lost: for any slices at all.
TEST(TraceBuilder, RowsNeverOverlap) {
  std::mt19937 random(7);
  TraceMaker maker;
  const auto track = maker.track(maker.process("p"), "t");
  for (int i = 0; i < 2'000; ++i)
    maker.slice(track, static_cast<int>(random() % 10'000), 1 + static_cast<int>(random() % 50));
  const auto model = maker.finish();
  EXPECT_EQ(model->events(), 2'000u);
  for (const Row& row : model->rows())
    for (std::uint32_t i = 1; i < row.size(); ++i) ASSERT_LE(row.end(i - 1), row.start(i));
}

// 4.29 s is what 32 bits of nanoseconds hold.
// Events come in pages. What is looked at meanwhile shares them, and changes nothing of
// what is added later.
TEST(TraceBuilder, AnyNumberOfEventsIsKept) {
  constexpr int kTracks = 3, kEvents = 1'500;  // several pages each, and part of one
  TraceMaker maker;
  const auto process = maker.process("p");
  for (int t = 0; t < kTracks; ++t) (void)maker.track(process, "t" + std::to_string(t));
  std::shared_ptr<const TraceModel> early;
  for (int i = kEvents; i-- > 0;) {  // backwards
    for (std::uint32_t t = 0; t < kTracks; ++t) maker.slice(t, 10 * i, 1 + (i + static_cast<int>(t)) % 9);
    if (i == kEvents / 2) early = maker.builder.so_far();
  }
  const auto check = [](const TraceModel& model, int first) {
    ASSERT_EQ(model.rows().size(), std::size_t{kTracks});
    for (std::uint32_t t = 0; t < kTracks; ++t) {
      const Row& row = model.rows()[t];
      ASSERT_EQ(row.size(), static_cast<std::uint32_t>(kEvents - first));
      for (std::uint32_t i = 0; i < row.size(); ++i) {
        const int nth = first + static_cast<int>(i);
        ASSERT_EQ(row.start(i), 10'000 * nth);
        ASSERT_EQ(row.duration(i), 1'000 * (1 + (nth + static_cast<int>(t)) % 9));
      }
    }
  };
  check(*early, kEvents / 2);
  check(*maker.finish(), 0);
  check(*early, kEvents / 2);
}

TEST(TraceBuilder, LongEventsKeepTheirLength) {
  TraceMaker maker;
  const auto track = maker.track(maker.process("p"), "t");
  maker.slice(track, 0, 3'600'000'000, "hour");
  maker.slice(track, 1, 1'800'000'000, "half");
  maker.slice(track, 3'600'000'000, 1, "short");
  const auto model = maker.finish();
  EXPECT_EQ(model->range({0, 0}).length(), 3'600'000'000'000);
  EXPECT_EQ(model->range({1, 0}).length(), 1'800'000'000'000);
  EXPECT_EQ(model->range({0, 1}).length(), 1'000);
}

TEST(TraceBuilder, HostileNestingIsBoundedAndCounted) {
  TraceMaker maker;
  const auto track = maker.track(maker.process("p"), "t");
  for (int i = 0; i < 2'000; ++i) maker.slice(track, i, 1'000'000 - i);
  const auto model = maker.finish();
  EXPECT_LE(model->rows().size(), 512u);
  EXPECT_EQ(model->events() + model->parts().skipped, 2'000u);
}

TEST(TraceBuilder, TimesAtTheEdgesOfTheirTypeDoNoHarm) {
  TraceMaker maker;
  const auto track = maker.track(maker.process("p"), "t");
  interop::TraceSlice slice;
  slice.track = {track};
  slice.start = Time::at(Duration::ps(INT64_MIN)), slice.duration = Duration::ps(INT64_MAX);
  maker.builder.slice(slice);
  slice.start = Time::never();
  maker.builder.slice(slice);
  const auto model = maker.finish();
  std::vector<Pixel> pixels(100);
  model->rows()[0].sample(model->extent(), model->class_of_kind(), pixels);
  EXPECT_GT(model->extent().length(), 0);
}

TEST(TraceBuilder, EqualArgumentsAreKeptOnceAndReadBack) {
  TraceMaker maker;
  const auto track = maker.track(maker.process("p"), "t");
  const std::vector<interop::TraceArgument> arguments = {
      {"micro_batch", std::int64_t{3}}, {"chunk", std::int64_t{1}}, {"action", std::string_view("B")}, {"x", 0.5}};
  for (int i = 0; i < 10; ++i) maker.slice(track, 2 * i, 1, "fc1", "compute", arguments);
  const auto model = maker.finish();
  EXPECT_EQ(model->kinds().size(), 2u);  // and the empty one
  const EventRef event{0, 4};
  EXPECT_EQ(model->kind(event).micro_batch, 3);
  EXPECT_EQ(model->kind(event).chunk, 1);
  EXPECT_EQ(model->class_of(event), EventClass::backward);
  ASSERT_EQ(model->arguments(event).size(), 4u);
  EXPECT_EQ(model->arguments(event)[3].value, "0.5");
  EXPECT_EQ(model->number(event, "micro_batch"), 3);
}

// In whatever order they come: lists are shared by names, and kinds by events.
TEST(TraceBuilder, KindsAreAsManyAsNamesAndArgumentsTogether) {
  TraceMaker maker;
  const auto track = maker.track(maker.process("p"), "t");
  for (int i = 0; i < 60; ++i) {
    const std::vector<interop::TraceArgument> arguments = {{"micro_batch", std::int64_t{i / 7 % 2}}};
    maker.slice(track, 2 * i, 1, i % 3 == 0 ? "fc1" : i % 3 == 1 ? "fc2" : "qkv", "compute", arguments);
    maker.slice(track, 2 * i + 1, 1, "plain", i % 2 == 0 ? "compute" : "tp");
  }
  const auto model = maker.finish();
  EXPECT_EQ(model->kinds().size(), 1u + 3 * 2 + 2);
  EXPECT_EQ(model->parts().arguments.size(), 1u + 2);
  for (std::uint32_t i = 0; i < 60; ++i) {
    EXPECT_EQ(model->kind({0, 2 * i}).micro_batch, i / 7 % 2);
    EXPECT_EQ(model->name({0, 2 * i}), i % 3 == 0 ? "fc1" : i % 3 == 1 ? "fc2" : "qkv");
    EXPECT_EQ(model->class_of({0, 2 * i + 1}), i % 2 == 0 ? EventClass::compute : EventClass::tp);
  }
  const Arguments& arguments = model->parts().arguments;
  EXPECT_EQ(arguments.number(model->kind({0, 20}).arguments, *arguments.key("micro_batch")), 1);
  EXPECT_FALSE(arguments.key("chunk"));
}

TEST(TraceBuilder, AnArrowJoinsTheSlicesAroundItsEnds) {
  TraceMaker maker;
  const auto p = maker.process("p");
  const auto a = maker.track(p, "a"), b = maker.track(p, "b");
  maker.slice(a, 0, 10, "send");
  maker.slice(b, 5, 10, "receive");
  maker.slice(b, 20, 5, "launched");
  maker.flow(1, Point::start, a, 5);
  maker.flow(1, Point::end, b, 7);
  maker.flow(2, Point::start, a, 5);
  maker.flow(2, Point::end, b, 16, true);
  maker.flow(3, Point::end, b, 7);  // without a partner
  const auto model = maker.finish();
  const EventRef send{0, 0};
  ASSERT_EQ(model->arrows().out_of(send).size(), 2u);
  EXPECT_EQ(model->name(model->arrows().out_of(send)[0].to), "receive");
  EXPECT_EQ(model->name(model->arrows().out_of(send)[1].to), "launched");
  EXPECT_EQ(model->arrows().into({1, 0}).size(), 1u);
}

// Who watches the reading may look at what there is: once for every time that it asks.
TEST(TraceBuilder, ALookAtWhatThereIsLeavesTheRestAlone) {
  int looks = 0;
  std::uint64_t seen = 0;
  TraceBuilder builder([&](const TraceBuilder& reading, const interop::TraceProgress& progress) {
    if (progress.total == 0) return true;
    ++looks;
    seen = reading.so_far()->events();
    return true;
  });
  builder.name({0}, "");
  builder.process({});
  builder.track({});
  for (int i = 0; i < 10; ++i) {
    interop::TraceSlice slice;
    slice.start = TraceMaker::us(10 * i), slice.duration = Duration::us(5);
    builder.slice(slice);
    builder.keep_going({1, 2});
  }
  EXPECT_EQ(looks, 10);
  EXPECT_EQ(seen, 10u);
  EXPECT_EQ(builder.finish()->events(), 10u);
}

// A compute stream that stands still does so for the transfer that ends when it goes on.
TEST(TraceBuilder, GapsOfAComputeStreamAreBubblesWithTheirCause) {
  TraceMaker maker;
  const auto rank = maker.process("rank 0", "stage 0");
  const auto schedule = maker.track(rank, "schedule"), compute = maker.track(rank, "compute");
  const auto receive = maker.track(rank, "receive"), reduce = maker.track(rank, "dp");
  maker.slice(schedule, 0, 40, "F0.0", "schedule");
  maker.slice(compute, 0, 10);
  maker.slice(receive, 5, 15, "receive activation", "pp");
  maker.slice(compute, 20, 5);
  maker.slice(reduce, 25, 10, "reduce gradients", "dp");
  maker.slice(compute, 35, 5);
  const auto model = maker.finish();
  const EventRef bubble = model->innermost(1, 15'000), wait = model->innermost(1, 30'000);
  EXPECT_EQ(model->class_of(bubble), EventClass::bubble);
  EXPECT_EQ(model->name(bubble), "waiting: receive activation");
  EXPECT_EQ(model->range(bubble), (TimeRange{10'000, 20'000}));
  EXPECT_EQ(model->class_of(wait), EventClass::exposed);
  EXPECT_EQ(*model->processes()[0].stage, 0u);
}

// Perfetto's traces of ours tell of parts and of their sum.
// Whichever is told of first; of another process, and where no part is told of, it stays.
// However it is drawn, from cells or from events, a line of pixels covers the same
// time: its sum is the time that events take.
TEST(Row, CoverageAddsUpAtEveryZoom) {
  std::mt19937 random(3);
  TraceMaker maker;
  const auto track = maker.track(maker.process("p"), "t");
  std::int64_t at = 0;
  for (int i = 0; i < 20'000; ++i) {
    const auto length = 1 + static_cast<std::int64_t>(random() % 9);
    maker.slice(track, at, length);
    at += length + static_cast<std::int64_t>(random() % 9);
  }
  const auto model = maker.finish();
  const Row& row = model->rows()[0];
  const TimeRange all = model->extent();
  for (const Ns part : {1, 3, 10, 100, 1'000}) {
    const TimeRange view{all.begin + all.length() / 3, all.begin + all.length() / 3 + all.length() / part};
    double taken = 0;
    for (std::uint32_t i = 0; i < row.size(); ++i) {
      const TimeRange cut = row.range(i).cut(view);
      if (!cut.empty()) taken += static_cast<double>(cut.length());
    }
    std::vector<Pixel> pixels(1'000);
    row.sample(view, model->class_of_kind(), pixels);
    double covered = 0;
    for (const Pixel& pixel : pixels) covered += pixel.covered / 65535.0;
    const double shown = covered / 1'000 * static_cast<double>(view.length());
    EXPECT_NEAR(shown / taken, 1, 0.01) << "1/" << part;
  }
}

// One short event among a million is seen from furthest away.
TEST(Row, AnInstantAloneStillShows) {
  TraceMaker maker;
  const auto track = maker.track(maker.process("p"), "t");
  maker.slice(track, 0, 1);
  for (int i = 0; i < 1'000; ++i) maker.slice(track, 900'000 + i, 1);
  maker.slice(track, 500'000, 0, "instant");
  const auto model = maker.finish();
  std::vector<Pixel> pixels(1'000);
  model->rows()[0].sample({0, 1'000'000'000}, model->class_of_kind(), pixels);
  EXPECT_GT(pixels[500].covered, 0);
  EXPECT_EQ(pixels[400].covered, 0);
}

TEST(Row, FindsWhatIsNear) {
  TraceMaker maker;
  const auto track = maker.track(maker.process("p"), "t");
  maker.slice(track, 10, 10, "a");
  maker.slice(track, 30, 10, "b");
  const auto model = maker.finish();
  const Row& row = model->rows()[0];
  EXPECT_EQ(row.at(15'000), 0u);
  EXPECT_EQ(row.at(20'000), std::nullopt);
  EXPECT_EQ(row.near(21'000, 2'000), 0u);
  EXPECT_EQ(row.near(29'000, 2'000), 1u);
  EXPECT_EQ(row.near(25'000, 2'000), std::nullopt);
}

TEST(EventClass, KnowsOurCategoriesAndKinetos) {
  EXPECT_EQ(classify("compute", "layer 0 fc1", 'F'), EventClass::forward);
  EXPECT_EQ(classify("compute", "layer 0 fc1", 'W'), EventClass::weight_gradient);
  EXPECT_EQ(classify("recompute", "layer 0 fc1", 'B'), EventClass::recompute);
  EXPECT_EQ(classify("tp", "all-gather", 'F'), EventClass::tp);
  EXPECT_EQ(classify("kernel", "ncclDevKernel_AllReduce_Sum_f32_RING_LL", 0), EventClass::communication);
  EXPECT_EQ(classify("kernel", "ampere_sgemm_128x64_nn", 0), EventClass::compute);
  EXPECT_EQ(classify("gpu_memcpy", "Memcpy HtoD", 0), EventClass::copy);
  EXPECT_EQ(classify("cpu_op", "aten::mm", 0), EventClass::host);
}

}  // namespace
}  // namespace orrery::gui

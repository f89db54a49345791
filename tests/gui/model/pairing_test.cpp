#include "gui/model/ask/compare/pairing.h"

#include <gtest/gtest.h>

#include "gui/model/ask/compare/second_trace.h"
#include "gui/model/ask/lanes/lanes.h"
#include "tests/gui/model/trace_maker.h"

namespace orrery::gui {
namespace {

using Step = std::vector<interop::TraceArgument>;

Step of_step(std::int64_t step, std::int64_t micro_batch) {
  return {{"step", step}, {"micro_batch", micro_batch}};
}

// So many steps of two micro-batches, each of two layers.
std::shared_ptr<const TraceModel> steps(std::int64_t count, std::int64_t begin_us, std::int64_t fc1_us) {
  TraceMaker maker;
  const auto rank = maker.process("rank 0");
  const auto schedule = maker.track(rank, "schedule"), compute = maker.track(rank, "compute");
  for (std::int64_t s = 0; s < count; ++s)
    for (std::int64_t m = 0; m < 2; ++m) {
      const std::int64_t at = begin_us + 1'000 * s + 400 * m;
      maker.slice(schedule, at, 380, "F" + std::to_string(m), "schedule", of_step(s, m));
      for (std::int64_t layer = 0; layer < 2; ++layer) {
        maker.slice(compute, at + 180 * layer, fc1_us, "fc1", "compute", of_step(s, m));
        maker.slice(compute, at + 180 * layer + 100, 50, "fc2", "compute", of_step(s, m));
      }
    }
  return maker.finish();
}

// Law: a trace beside itself pairs every event with itself.
TEST(Pairing, OfATraceWithItselfIsTheIdentity) {
  const auto a = steps(3, 0, 60);
  const Pairing pairing(*a, *a);
  EXPECT_EQ(pairing.pairs(), a->events());
  EXPECT_TRUE(pairing.tracks_only_in_b().empty());
  for (std::uint32_t row = 0; row < a->rows().size(); ++row)
    for (std::uint32_t i = 0; i < a->rows()[row].size(); ++i) {
      EXPECT_EQ(pairing.in_b({row, i}), (EventRef{row, i}));
      EXPECT_EQ(pairing.in_a({row, i}), (EventRef{row, i}));
    }
}

// Steps count from the last: what only the longer run has is at its beginning.
TEST(Pairing, LastStepsAreTheSame) {
  const auto a = steps(3, 0, 60), b = steps(2, 50'000, 90);
  const Pairing pairing(*a, *b);
  const Row& row = a->rows()[a->tracks()[1].first_row];
  int alone = 0, paired = 0;
  for (std::uint32_t i = 0; i < row.size(); ++i) {
    const EventRef event{a->tracks()[1].first_row, i}, same = pairing.in_b(event);
    if (a->class_of(event) == EventClass::bubble) continue;
    ++(same.is_none() ? alone : paired);
    EXPECT_EQ(same.is_none(), row.start(i) < 1'000'000) << "of the first of three steps";
    if (same.is_none()) continue;
    EXPECT_EQ(b->range(same).begin - row.start(i), 49'000'000);
    EXPECT_EQ(b->name(same), a->name(event));
    EXPECT_EQ(pairing.in_a(same), event);
  }
  EXPECT_EQ(alone, 8);
  EXPECT_EQ(paired, 16);
}

TEST(SecondTrace, LastStepsBeginTogetherAndRatiosAreOfPairs) {
  const auto a = steps(3, 0, 60), b = steps(2, 50'000, 90);
  const SecondTrace second(*a, b);
  EXPECT_EQ(second.later, (51'000 - 2'000) * 1'000);
  const std::uint32_t compute = b->tracks()[1].first_row;
  EXPECT_DOUBLE_EQ(*ratio_of(second, *a, {compute, 0}), 1.5);
  EXPECT_DOUBLE_EQ(*ratio_of(second, *a, {compute, 1}), 0.25) << "what is idle between is 10 us of 40";
  EXPECT_DOUBLE_EQ(*ratio_of(second, *a, {compute, 2}), 1.0);
}

// Forward in one and backward in the other are two things, of whatever name.
TEST(Pairing, NameMicroBatchAndClassMustAgree) {
  const auto one = [](const std::string& name, std::int64_t micro_batch, std::string_view action) {
    TraceMaker maker;
    const auto track = maker.track(maker.process("rank 0"), "compute");
    maker.slice(track, 0, 5, name, "compute", {{"micro_batch", micro_batch}, {"action", action}});
    return maker.finish();
  };
  const auto a = one("fc1", 0, "F");
  EXPECT_EQ(Pairing(*a, *one("fc1", 0, "F")).pairs(), 1u);
  EXPECT_EQ(Pairing(*a, *one("fc2", 0, "F")).pairs(), 0u);
  EXPECT_EQ(Pairing(*a, *one("fc1", 1, "F")).pairs(), 0u);
  EXPECT_EQ(Pairing(*a, *one("fc1", 0, "B")).pairs(), 0u);
}

// A profiler's streams have numbers for names: the one that computes is "compute".
TEST(Pairing, TracksOfOtherNamesPairByWhatTheyDo) {
  TraceMaker ours, theirs;
  const auto rank = ours.process("rank 0"), gpu = theirs.process("GPU 0");
  const auto compute = ours.track(rank, "compute"), tp = ours.track(rank, "tp");
  const auto nccl = theirs.track(gpu, "stream 20"), kernels = theirs.track(gpu, "stream 7");
  const auto small = theirs.track(gpu, "stream 9");
  ours.slice(compute, 0, 100, "fc1");
  ours.slice(tp, 100, 30, "all-reduce", "tp");
  theirs.slice(nccl, 100, 40, "ncclKernel_AllReduce", "kernel");
  theirs.slice(kernels, 0, 90, "ampere_gemm", "kernel");
  theirs.slice(small, 0, 5, "elementwise", "kernel");
  const auto a = ours.finish(), b = theirs.finish();
  const Pairing pairing(*a, *b);
  EXPECT_EQ(b->tracks()[pairing.track_in_b(0)].name, "stream 7");
  EXPECT_EQ(b->tracks()[pairing.track_in_b(1)].name, "stream 20");
  ASSERT_EQ(pairing.tracks_only_in_b().size(), 1u);
  EXPECT_EQ(b->tracks()[pairing.tracks_only_in_b()[0]].name, "stream 9");

  const SecondTrace second(*a, b);
  const Lanes alone(*a, {}), both(*a, {}, &second);
  ASSERT_EQ(both.all().size(), alone.all().size() + 2);
  EXPECT_EQ(both.all().back().is, Lane::Is::second);
  EXPECT_EQ(both.all().back().label, "GPU 0  stream 9");
  EXPECT_EQ(both.all()[1].row_height, 2 * alone.all()[1].row_height);
  EXPECT_EQ(both.all()[1].first_height, alone.all()[1].row_height);
}

}  // namespace
}  // namespace orrery::gui

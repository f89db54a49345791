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
  const Pairing pairing(*a, *a, Alignment(*a, *a));
  EXPECT_EQ(pairing.pairs(), a->events());
  EXPECT_TRUE(pairing.tracks_only_in_b().empty());
  for (std::uint32_t row = 0; row < a->rows().size(); ++row)
    for (std::uint32_t i = 0; i < a->rows()[row].size(); ++i) {
      EXPECT_EQ(pairing.in_b({row, i}), (EventRef{row, i}));
      EXPECT_EQ(pairing.in_a({row, i}), (EventRef{row, i}));
    }
}

// Steps go by their numbers: what only the longer run has is at its end.
TEST(Pairing, StepsOfTheSameNumberAreTheSame) {
  const auto a = steps(3, 0, 60), b = steps(2, 50'000, 90);
  const Pairing pairing(*a, *b, Alignment(*a, *b));
  const Row& row = a->rows()[a->tracks()[1].first_row];
  int alone = 0, paired = 0;
  for (std::uint32_t i = 0; i < row.size(); ++i) {
    const EventRef event{a->tracks()[1].first_row, i}, same = pairing.in_b(event);
    if (a->class_of(event) == EventClass::bubble) continue;
    ++(same.is_none() ? alone : paired);
    EXPECT_EQ(same.is_none(), row.start(i) >= 2'000'000) << "of the last of three steps";
    if (same.is_none()) continue;
    EXPECT_EQ(b->range(same).begin - row.start(i), 50'000'000);
    EXPECT_EQ(b->name(same), a->name(event));
    EXPECT_EQ(pairing.in_a(same), event);
  }
  EXPECT_EQ(alone, 8);
  EXPECT_EQ(paired, 16);
}

// Law: however steps are laid on each other, partners are as far apart as the alignment says.
TEST(Pairing, FollowsTheAlignment) {
  const auto a = steps(4, 0, 60), b = steps(3, 50'000, 60);
  const Alignment all(*a, *b);
  for (std::size_t i = 0; i < 4; ++i)
    for (std::size_t j = 0; j < 3; ++j) {
      const Alignment alignment = all.with(i, j);
      const Pairing pairing(*a, *b, alignment);
      std::uint64_t pairs = 0;
      for (std::uint32_t row = 0; row < a->rows().size(); ++row)
        for (std::uint32_t e = 0; e < a->rows()[row].size(); ++e) {
          const EventRef same = pairing.in_b({row, e});
          if (same.is_none()) continue;
          ++pairs;
          EXPECT_EQ(b->range(same).begin - a->range({row, e}).begin, alignment.later());
        }
      EXPECT_EQ(pairs, pairing.pairs());
      EXPECT_GT(pairs, 0u) << i << " on " << j;
    }
}

TEST(Pairing, GivesUpWhenItIsTold) {
  const auto a = steps(2'000, 0, 60);
  int asked = 0;
  const Pairing pairing(*a, *a, Alignment(*a, *a), [&](double share) {
    EXPECT_GE(share, 0);
    EXPECT_LE(share, 1);
    return ++asked < 1;
  });
  EXPECT_EQ(asked, 1);
  EXPECT_EQ(pairing.pairs(), 0u);
}

TEST(SecondTrace, AlignedStepsBeginTogetherAndRatiosAreOfPairs) {
  const auto a = steps(3, 0, 60), b = steps(2, 50'000, 90);
  const SecondTrace second(*a, b);
  EXPECT_EQ(second.later, (51'000 - 1'000) * 1'000);
  const std::uint32_t compute = b->tracks()[1].first_row;
  const std::vector<double> ratios = {1.5, 0.25, 1.0};  // what is idle between is 10 us of 40
  for (std::uint32_t i = 0; i < 3; ++i) {
    EXPECT_DOUBLE_EQ(*ratio_of(second, *a, {compute, i}), ratios[i]);
    EXPECT_EQ(second.pairing().difference({compute, i}), difference_of(4'000, static_cast<Ns>(ratios[i] * 4'000)));
  }
}

TEST(Difference, IsInDoublingsAndEndsAtOne) {
  EXPECT_EQ(difference_of(100, 100), 0);
  EXPECT_EQ(difference_of(100, 200), kMostDifference);
  EXPECT_EQ(difference_of(100, 900), kMostDifference);
  EXPECT_EQ(difference_of(900, 100), -kMostDifference);
  EXPECT_LE(difference_of(1'000, 1'049), kAlike);
  EXPECT_GT(difference_of(1'000, 1'051), kAlike);
  EXPECT_EQ(difference_of(0, 0), 0) << "instants are as long as each other";
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
  const auto pairs_with = [&](const TraceModel& b) { return Pairing(*a, b, Alignment(*a, b)).pairs(); };
  EXPECT_EQ(pairs_with(*one("fc1", 0, "F")), 1u);
  EXPECT_EQ(pairs_with(*one("fc2", 0, "F")), 0u);
  EXPECT_EQ(pairs_with(*one("fc1", 1, "F")), 0u);
  EXPECT_EQ(pairs_with(*one("fc1", 0, "B")), 0u);
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
  const Pairing pairing(*a, *b, Alignment(*a, *b));
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

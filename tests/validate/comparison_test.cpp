#include "validate/compare/comparison.h"

#include <gtest/gtest.h>

#include "sim/engine/engine.h"
#include "tests/models/compile/support.h"
#include "tests/sim/random_world.h"
#include "validate/compare/kendall.h"
#include "validate/compare/late_peers.h"

namespace orrery::validate {
namespace {

struct Simulated {
  sim::RunResult result;
  sim::Trace trace;
};

Simulated simulated(const sim::Workload& workload) {
  Simulated run;
  sim::RunOptions options;
  options.trace = &run.trace;
  run.result = sim::run(workload, options);
  return run;
}

Duration total(const std::vector<Duration>& parts) {
  return sim::kit::total(parts);
}

// What is read off spans is what the engine counted while it ran. Only a wait for
// a late peer is not divided: how much of it was the peer's bubble is the engine's knowledge.
TEST(Observation, FindsWhatTheEngineCounted) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    const sim::Workload workload = sim::kit::RandomWorld(seed).workload();
    const Simulated run = simulated(workload);
    const Observation seen = observe(workload, {}, run.trace.spans());
    EXPECT_EQ(seen.steps.back().time, run.result.step_time());
    for (std::uint32_t r = 0; r < workload.ranks(); ++r) {
      const sim::RankSummary& counted = run.result.ranks[RankId{r}];
      EXPECT_EQ(seen.ranks[r].time.busy, counted.time.busy);
      EXPECT_EQ(seen.ranks[r].time.exposed, counted.time.exposed);
      EXPECT_EQ(total(seen.ranks[r].time.late) + seen.ranks[r].time.bubble,
                total(counted.time.late) + counted.time.bubble);
      EXPECT_LE(seen.ranks[r].time.bubble, counted.time.bubble);
      EXPECT_EQ(seen.ranks[r].step, counted.step_end - counted.previous_step_end);
    }
    if (HasFailure()) return;
  }
}

// Of processes that know nothing of each other: when the last has come to a transfer follows from when each did.
TEST(LatePeers, AreToldFromWhenEachCame) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    const sim::Workload workload = sim::kit::RandomWorld(seed).workload();
    const Simulated run = simulated(workload);
    std::vector<sim::Span> alone = run.trace.spans();
    for (sim::Span& span : alone) span.met = span.start;
    tell_late_peers(workload, alone);
    for (std::size_t i = 0; i < alone.size(); ++i) EXPECT_EQ(alone[i].met, run.trace.spans()[i].met) << i;
    if (HasFailure()) return;
  }
}

TEST(Observation, FindsThePeakOfTheLedger) {
  const models::Compiled c = models::compiled(models::read(models::small_scenario()));
  const Simulated run = simulated(c.workload);
  const Observation seen = observe(c.workload, c.kernels, run.trace.spans());
  for (std::uint32_t r = 0; r < c.workload.ranks(); ++r)
    EXPECT_EQ(seen.ranks[r].peak, run.result.ranks[RankId{r}].memory.peak);
}

TEST(Comparison, ATraceAgreesWithItself) {
  const models::Compiled c = models::compiled(models::read(models::small_scenario()));
  const Simulated run = simulated(c.workload);
  const Comparison same = compare(c.workload, c.kernels, run.trace.spans(), run.trace.spans());
  EXPECT_EQ(same.worst_error(), 0);
  EXPECT_EQ(same.order_tau, 1);
  EXPECT_EQ(same.step_s.predicted, run.result.step_time().seconds());
  ASSERT_FALSE(same.classes.empty());
  EXPECT_EQ(same.classes[0].name, "all-reduce");
}

// Everything half as long again: predictions are a third too low, and in order.
TEST(Comparison, ErrorsAreSignedAgainstTheMeasurement) {
  const models::Compiled c = models::compiled(models::read(models::small_scenario()));
  const Simulated run = simulated(c.workload);
  std::vector<sim::Span> slower = run.trace.spans();
  for (sim::Span& span : slower)
    for (Time* t : {&span.start, &span.met, &span.end}) *t = Time::at(Duration::ps(t->count_ps() / 2 * 3));
  const Comparison found = compare(c.workload, c.kernels, run.trace.spans(), slower);
  EXPECT_NEAR(*found.step_s.error(), -1.0 / 3, 1e-9);
  EXPECT_NEAR(found.worst_error(), 1.0 / 3, 1e-9);
  EXPECT_NEAR(found.bubble_fraction.predicted, found.bubble_fraction.measured, 1e-9);
  EXPECT_EQ(found.order_tau, 1);
  for (const ComparedClass& one : found.classes) EXPECT_NEAR(*one.time_s.error(), -1.0 / 3, 1e-9);
}

// A rank is slow by what its own work took, not by what it waited for.
TEST(Comparison, NamesARankThatIsSlow) {
  Comparison c;
  const auto add = [&c](double predicted, double measured) {
    c.ranks.emplace_back();
    c.ranks.back().rank = {static_cast<std::uint32_t>(c.ranks.size() - 1)};
    c.ranks.back().busy_s = {predicted, measured};
  };
  EXPECT_TRUE(slow_ranks(c).empty());
  add(1, 1.02);
  add(2, 2.1);
  EXPECT_TRUE(slow_ranks(c).empty());
  add(1, 1.5);
  ASSERT_EQ(slow_ranks(c).size(), 1u);
  EXPECT_EQ(slow_ranks(c)[0].rank, RankId{2});
  EXPECT_NEAR(slow_ranks(c)[0].times, 1.5 / 1.05, 1e-9);
  c.ranks.erase(c.ranks.begin() + 1);
  EXPECT_EQ(slow_ranks(c).size(), 1u) << "of two the faster is the rule";
}

// The values of Knight's method by counting pairs: 10 pairs, of which 8 agree and 2 do not.
TEST(KendallTau, CountsPairs) {
  EXPECT_DOUBLE_EQ(kendall_tau({{1, 1}, {2, 3}, {3, 2}, {4, 5}, {5, 4}}), 0.6);
  EXPECT_DOUBLE_EQ(kendall_tau({{1, 3}, {2, 2}, {3, 1}}), -1);
  EXPECT_DOUBLE_EQ(kendall_tau({}), 1);
  // A tie on each side leaves 4 pairs that agree: 4/sqrt(5 * 5).
  EXPECT_DOUBLE_EQ(kendall_tau({{1, 1}, {1, 2}, {2, 2}, {3, 3}}), 0.8);
}

}  // namespace
}  // namespace orrery::validate

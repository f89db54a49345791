// PipeDream's schedules as whole scenarios: what a steady stream takes, and what it holds.

#include <algorithm>

#include "models/compile/outline/outline.h"
#include "models/compile/pipeline/schedule_of.h"
#include "models/compute/cost_model.h"
#include "tests/models/compile/support.h"

namespace orrery::models {
namespace {

// Four stages over free links; ends of 128 words weigh nothing.
Scenario stream(const std::string& schedule, const std::vector<Override>& more = {}) {
  return read(
      "model: {layers: 32, hidden: 4096, heads: 32, vocab: 128, tied_embeddings: false}\n"
      "cluster: {preset: ideal, nodes: 1, gpus_per_node: 4}\n"
      "training: {sequence_length: 2048, global_batch: 8, micro_batch: 1}\n"
      "layout: {tp: 1, pp: 4}\n"
      "pipeline: {schedule: " +
          schedule +
          "}\n"
          "software: ideal\n",
      more);
}

Bytes held(const sim::RunResult& result, int stage, MemoryCause cause) {
  return result.ranks[{static_cast<std::uint32_t>(stage)}].memory.by_cause[static_cast<std::size_t>(cause)];
}

Duration updating(const sim::RunResult& result, int stage) {
  return result.ranks[{static_cast<std::uint32_t>(stage)}].time.busy[static_cast<std::size_t>(TimeCategory::optimizer)];
}

// Throughput is that of the slowest stage: m times its forward, its backward and its update.
TEST(Stream, PipeDreamIsAsFastAsItsSlowestStage) {
  for (const char* layers : {"[8, 8, 8, 8]", "[6, 9, 11, 6]", "[11, 7, 7, 7]", "[7, 7, 7, 11]"}) {
    const Scenario scenario = stream("pipedream", {{"pipeline.stage_layers", layers}});
    const Compiled c = compiled(scenario);
    const sim::RunResult result = run_every_rank(c);
    const CostModel model(scenario.cluster.gpu, scenario.software);
    KernelTable kernels(model);
    const std::vector<ScheduleCosts> costs = stage_costs(scenario, Placement::linear, kernels);
    Duration slowest;
    for (int r = 0; r < 4; ++r) {
      const ScheduleCosts& cost = costs[static_cast<std::size_t>(r)];
      const Duration passes = Duration::ps(8 * 1'000 * (cost.forward + cost.backward));
      slowest = std::max(slowest, passes + updating(result, r));
    }
    EXPECT_NEAR(result.step_time().seconds(), slowest.seconds(), 1e-3 * slowest.seconds()) << layers;
  }
}

// One update a step, and no bubble: 1F1B without its fill and drain.
TEST(Stream, PipeDream2bwHasNoBubble) {
  const sim::RunResult result = run_every_rank(compiled(stream("pipedream-2bw")));
  const sim::RunResult flushed = run_every_rank(compiled(stream("1f1b")));
  const double update = updating(result, 1).seconds(), step = result.step_time().seconds();
  EXPECT_NEAR((step - update) / (flushed.step_time().seconds() - update), 8.0 / 11, 0.005);
  for (const sim::RankSummary& rank : result.ranks.distinct())
    EXPECT_LT(rank.time.bubble.seconds(), 0.005 * result.step_time().seconds());
}

// Where a step begins and ends means nothing to a stream whose every micro-batch is an update.
TEST(Stream, PipeDreamKnowsNoSteps) {
  const Duration eight = run_every_rank(compiled(stream("pipedream"))).step_time();
  for (const char* batch : {"1", "2", "4"}) {
    const Duration few = run_every_rank(compiled(stream("pipedream", {{"training.global_batch", batch}}))).step_time();
    EXPECT_EQ(few * (8 / std::stoi(batch)), eight) << batch;
  }
}

// More steps before it change nothing in the one that is measured, over real links too
// (where transfers meet a little differently every time).
TEST(Stream, TheMeasuredStepIsSteady) {
  const std::vector<Override> real = {{"cluster.preset", "dgx-a100"}, {"cluster.gpus_per_node", "8"}};
  for (const char* schedule : {"pipedream", "pipedream-2bw"})
    for (const char* batch : {"8", "16"}) {
      std::vector<Override> overrides = real;
      overrides.push_back({"training.global_batch", batch});
      overrides.push_back({"pipeline.stage_layers", "[7, 9, 9, 7]"});
      const Duration step = run_every_rank(compiled(stream(schedule, overrides))).step_time();
      overrides.push_back({"simulation.steps", "40"});
      const Duration later = run_every_rank(compiled(stream(schedule, overrides))).step_time();
      EXPECT_NEAR(later.seconds(), step.seconds(), 1e-6 * step.seconds()) << schedule << ' ' << batch;
    }
}

// Stage r holds p - r versions of its weights (2BW: two), one copy of everything else,
// and activations as 1F1B does.
TEST(Stream, HoldsVersionsOfTheWeightsAndWhatIsInFlight) {
  const sim::RunResult flushed = run_every_rank(compiled(stream("1f1b")));
  const sim::RunResult each = run_every_rank(compiled(stream("pipedream")));
  const sim::RunResult two = run_every_rank(compiled(stream("pipedream-2bw")));
  for (int r = 0; r < 4; ++r) {
    const Bytes one = held(flushed, r, MemoryCause::parameters);
    EXPECT_EQ(held(each, r, MemoryCause::parameters), one * (4 - r));
    EXPECT_EQ(held(two, r, MemoryCause::parameters), one * 2);
    for (const MemoryCause same : {MemoryCause::gradients, MemoryCause::optimizer, MemoryCause::activations})
      for (const sim::RunResult* stream : {&each, &two}) EXPECT_EQ(held(*stream, r, same), held(flushed, r, same));
  }
}

// Two of each stage are data parallelism of two, bytes and times alike.
TEST(Stream, EqualReplicasOfStagesAreDataParallelism) {
  const std::vector<Override> two = {
      {"layout.pp", "2"}, {"cluster.preset", "dgx-a100"}, {"cluster.gpus_per_node", "4"}};
  std::vector<Override> by_stage = two;
  by_stage.push_back({"pipeline.stage_replicas", "[2, 2]"});
  const Compiled plain = compiled(stream("pipedream", two)), replicas = compiled(stream("pipedream", by_stage));
  const sim::RunResult run = run_every_rank(replicas), whole = run_every_rank(plain);
  EXPECT_EQ(run.step_time(), whole.step_time());
  for (std::uint32_t r = 0; r < 4; ++r) {
    EXPECT_EQ(run.ranks[{r}].memory.peak, whole.ranks[{r}].memory.peak);
    EXPECT_EQ(run.ranks[{r}].time.busy, whole.ranks[{r}].time.busy);
  }
}

Scenario with_replicas(const std::string& replicas, int ranks, int stages, int batch) {
  return stream("pipedream", {{"layout.pp", std::to_string(stages)},
                              {"pipeline.stage_replicas", replicas},
                              {"cluster.gpus_per_node", std::to_string(ranks)},
                              {"training.global_batch", std::to_string(batch)}});
}

// Over several rounds of every shape nothing waits for itself, folded or not, and a round is a round.
TEST(Stream, UnequalReplicasKeepGoing) {
  struct Shape {
    const char* replicas;
    int ranks, stages, round;
  };
  for (const Shape& shape : {Shape{"[15, 1]", 16, 2, 15}, Shape{"[1, 3]", 4, 2, 3}, Shape{"[2, 3]", 5, 2, 6},
                             Shape{"[3, 2, 1]", 6, 3, 6}, Shape{"[2, 1, 3]", 6, 3, 6}, Shape{"[4, 3, 1]", 8, 3, 12}}) {
    SCOPED_TRACE(shape.replicas);
    const Compiled once = compiled(with_replicas(shape.replicas, shape.ranks, shape.stages, shape.round));
    for (const Error& e : sim::check(once.workload)) ADD_FAILURE() << to_string(e);
    const sim::RunResult every = run_every_rank(once);
    EXPECT_EQ(run_folded(once).digest, every.digest);
    const Result<Outline> bound = outline(with_replicas(shape.replicas, shape.ranks, shape.stages, shape.round), true);
    ASSERT_TRUE(bound.ok());
    EXPECT_GT(bound->step, Duration());
    EXPECT_LE(bound->step, every.step_time());
    const Compiled twice = compiled(with_replicas(shape.replicas, shape.ranks, shape.stages, 2 * shape.round));
    const double rounds = run_every_rank(twice).step_time().seconds() / every.step_time().seconds();
    EXPECT_NEAR(rounds, 2, 0.02);
  }
}

// Three replicas of three quarters of the layers before one of the rest: all are busy, and nobody waits.
TEST(Stream, ReplicasShareTheWorkOfTheirStage) {
  const Scenario scenario = stream("pipedream", {{"layout.pp", "2"},
                                                 {"pipeline.stage_replicas", "[3, 1]"},
                                                 {"pipeline.stage_layers", "[24, 8]"},
                                                 {"training.global_batch", "12"}});
  const Compiled c = compiled(scenario);
  const sim::RunResult run = run_every_rank(c);
  const CostModel model(scenario.cluster.gpu, scenario.software);
  KernelTable kernels(model);
  const std::vector<ScheduleCosts> costs = stage_costs(scenario, Placement::linear, kernels);
  Duration slowest;
  for (const int stage : {0, 1}) {
    const ScheduleCosts& cost = costs[static_cast<std::size_t>(stage)];
    const int turns = stage == 0 ? 4 : 12, rank = stage == 0 ? 0 : 3;
    // Gradients of replicas are divided by their number before they are summed.
    const Duration scaling =
        run.ranks[{static_cast<std::uint32_t>(rank)}].time.busy[static_cast<std::size_t>(TimeCategory::other)];
    const Duration passes = Duration::ps(turns * 1'000 * (cost.forward + cost.backward));
    slowest = std::max(slowest, passes + updating(run, rank) + scaling);
  }
  EXPECT_NEAR(run.step_time().seconds(), slowest.seconds(), 0.01 * slowest.seconds());
  // Each replica of stage 0 stashes a second version.
  const sim::RunResult flushed =
      run_every_rank(compiled(stream("1f1b", {{"layout.pp", "2"}, {"pipeline.stage_layers", "[24, 8]"}})));
  for (const int replica : {0, 1, 2})
    EXPECT_EQ(held(run, replica, MemoryCause::parameters), held(flushed, 0, MemoryCause::parameters) * 2);
  EXPECT_EQ(held(run, 3, MemoryCause::parameters), held(flushed, 2, MemoryCause::parameters));
}

// A pipeline of one stage is no pipeline: an update a micro-batch is what a smaller batch does.
TEST(Stream, OfOneStageIsPlainTraining) {
  const auto alone = [](const char* schedule) {
    return run_every_rank(compiled(stream(schedule, {{"layout.pp", "1"}, {"training.global_batch", "4"}})));
  };
  const sim::RunResult plain = alone("none"), steady = alone("pipedream");
  EXPECT_EQ(steady.step_time(), plain.step_time());
  EXPECT_EQ(steady.ranks[{0}].memory.peak, plain.ranks[{0}].memory.peak);
}

}  // namespace
}  // namespace orrery::models

// Closed forms of pipelines, met by whole scenarios on a cluster with free links.

#include <algorithm>

#include "models/compile/pipeline/schedule_of.h"
#include "models/compute/cost_model.h"
#include "tests/models/compile/support.h"

namespace orrery::models {
namespace {

// Stages cost the same but for a head of 128 words, a millionth of a layer.
std::string pipeline(int p, int m, const std::string& schedule, int v) {
  return "model: {layers: 32, hidden: 4096, heads: 32, vocab: 128}\n"
         "cluster: {preset: ideal, nodes: 1, gpus_per_node: " +
         std::to_string(p) +
         "}\n"
         "training: {sequence_length: 2048, global_batch: " +
         std::to_string(m) +
         ", micro_batch: 1}\n"
         "layout: {tp: 1, pp: " +
         std::to_string(p) +
         "}\n"
         "pipeline: {schedule: " +
         schedule + (v > 1 ? ", virtual_stages: " + std::to_string(v) : "") +
         "}\n"
         "software: ideal\n";
}

double bubble_of_pipeline(const std::string& text) {
  const sim::RunResult result = run_every_rank(compiled(read(text)));
  const auto optimizer = static_cast<std::size_t>(TimeCategory::optimizer);
  double bubble = 0, pipelined = 0;
  for (const sim::RankSummary& rank : result.ranks.distinct()) {
    bubble += rank.time.bubble.seconds();
    pipelined += result.step_time().seconds() - rank.time.busy[optimizer].seconds();
  }
  return bubble / pipelined;
}

// (p-1)/(m+p-1) of the part of the step that is pipelined: all but the optimizer.
TEST(Bubble, OneForwardOneBackward) {
  EXPECT_NEAR(bubble_of_pipeline(pipeline(4, 8, "1f1b", 1)), 3.0 / 11, 0.004);
  EXPECT_NEAR(bubble_of_pipeline(pipeline(8, 8, "1f1b", 1)), 7.0 / 15, 0.004);
}

TEST(Bubble, GpipeIsTheSame) {
  EXPECT_NEAR(bubble_of_pipeline(pipeline(4, 8, "gpipe", 1)), 3.0 / 11, 0.004);
}

// (p-1)/(vm+p-1)
TEST(Bubble, VirtualStagesDivideIt) {
  EXPECT_NEAR(bubble_of_pipeline(pipeline(4, 8, "interleaved-1f1b", 2)), 3.0 / 19, 0.004);
  EXPECT_NEAR(bubble_of_pipeline(pipeline(4, 8, "interleaved-1f1b", 4)), 3.0 / 35, 0.004);
  EXPECT_NEAR(bubble_of_pipeline(pipeline(4, 8, "looped-bfs", 2)), 3.0 / 19, 0.004);
}

// A scenario whose kernels take as long as its schedule's costs say takes as long as
// the schedule: with free links, the part of a step before the optimizer is the
// makespan of the order under what the stages cost.
Duration pipelined_part(const Compiled& compiled, const sim::RunResult& result) {
  const auto optimizer = static_cast<std::size_t>(TimeCategory::optimizer);
  // Two replicas in one pipeline scale their gradients before they sum them.
  const auto other = static_cast<std::size_t>(TimeCategory::other);
  Duration longest;
  for (const sim::RankSummary& rank : result.ranks.distinct())
    longest = std::max(longest, result.step_time() - rank.time.busy[optimizer] - rank.time.busy[other]);
  EXPECT_FALSE(compiled.schedule.order.empty());
  return longest;
}

class EverySchedule : public testing::TestWithParam<std::string_view> {};

TEST_P(EverySchedule, TakesItsMakespanWhereLinksAreFree) {
  const std::string name(GetParam());
  const Scenario scenario = read(pipeline(4, 8, name, usual_chunks(name)));
  const Compiled c = compiled(scenario);
  const CostModel model(scenario.cluster.gpu, scenario.software);
  KernelTable kernels(model);
  const ScheduleTimes times = evaluate_by_stage(c.schedule, stage_costs(scenario, c.schedule.placement, kernels));
  const Duration makespan = Duration::ps(times.makespan * 1'000);
  // Where a stage has two replicas in the pipeline, their sum of gradients waits for the later one, whose
  // gradients are scaled first.
  const double within = c.schedule.placement == Placement::bidirectional ? 0.02 : 0.003;
  EXPECT_NEAR(pipelined_part(c, run_every_rank(c)).seconds(), makespan.seconds(), within * makespan.seconds());
}

std::vector<std::string_view> schedules_with_a_flush() {
  std::vector<std::string_view> names;
  for (const std::string_view name : schedule_names())
    if (name != "none" && schedule_traits(name).flushes) names.push_back(name);
  return names;
}

INSTANTIATE_TEST_SUITE_P(Bubble, EverySchedule, testing::ValuesIn(schedules_with_a_flush()), [](const auto& each) {
  std::string name(each.param);
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

}  // namespace
}  // namespace orrery::models

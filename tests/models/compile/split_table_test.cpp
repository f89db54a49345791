// A table's layers over tensor-parallel ranks, as programs that run.
#include "models/compile/outline/outline.h"
#include "tests/models/compile/support.h"

namespace orrery::models {
namespace {

using Settings = std::vector<Override>;

Scenario of_table(const std::string& model, const Settings& settings) {
  const std::string text = "model: " + model + R"(
cluster: {preset: dgx-1v, nodes: 1}
training: {sequence_length: 1, global_batch: 128, micro_batch: 16, precision: fp32, optimizer: momentum}
layout: {tp: 1}
software: torchtitan-2025
)";
  Result<Scenario> scenario = parse_scenario(text, std::string(ORRERY_SOURCE_DIR) + "/scenarios/some.yaml", settings);
  EXPECT_TRUE(scenario.ok()) << (scenario.ok() ? "" : to_string(scenario.errors().front()));
  return scenario.ok() ? *scenario : Scenario();
}

const std::vector<std::pair<std::string, Settings>> kSplits = {
    {"alexnet", {{"layout.tp", "2"}}},
    {"alexnet", {{"layout.tp", "2"}, {"layout.pp", "2"}, {"pipeline.schedule", "gpipe"}}},
    {"alexnet", {{"layout.tp", "2"}, {"layout.pp", "4"}, {"pipeline.schedule", "zb-h1"}, {"software", "ideal"}}},
    {"vgg-16", {{"layout.tp", "8"}, {"training.recompute", "full"}}},
    {"vgg-16", {{"layout.tp", "2"}, {"layout.pp", "2"}, {"software", "megatron-2022"}, {"overlap.pipeline", "false"}}},
    {"resnet-50", {{"layout.tp", "4"}, {"layout.zero", "3"}}},
    {"gnmt-8", {{"layout.tp", "2"}, {"layout.pp", "4"}, {"pipeline.schedule", "pipedream"}}},
};

TEST(SplitTableRun, FoldedAndUnfoldedAreOne) {
  for (const auto& [model, settings] : kSplits) {
    SCOPED_TRACE(model + " " + settings.back().path + " " + settings.back().value);
    const Compiled c = compiled(of_table(model, settings));
    EXPECT_TRUE(sim::check(c.workload).empty());
    const sim::RunResult every = run_every_rank(c), folded = run_folded(c);
    EXPECT_EQ(folded.digest, every.digest);
    EXPECT_EQ(folded.ranks[{0}].memory.peak, every.ranks[{0}].memory.peak);
  }
}

TEST(SplitTableRun, NoneIsFasterThanItsBound) {
  for (const auto& [model, settings] : kSplits) {
    SCOPED_TRACE(model + " " + settings.back().path + " " + settings.back().value);
    const Scenario s = of_table(model, settings);
    const Compiled c = compiled(s);
    const Result<Outline> bound = outline(s, true);
    ASSERT_TRUE(bound.ok());
    const sim::RunResult run = run_every_rank(c);
    EXPECT_GT(bound->step, Duration());
    EXPECT_LE(bound->step, run.step_time());
    for (const Outline::Rank& rank : bound->ranks)
      for (std::uint32_t r = 0; r < run.ranks.size(); ++r)
        if (c.stage_of_program[c.workload.program_of[RankId{r}].value] == rank.stage) {
          EXPECT_LE(rank.memory, run.ranks[RankId{r}].memory.peak);
        }
  }
}

}  // namespace
}  // namespace orrery::models

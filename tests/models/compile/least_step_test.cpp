// No layout is faster than its lower bound (sim/bound/least_step.h).
#include "sim/bound/least_step.h"

#include "models/compile/outline/outline.h"
#include "tests/models/compile/support.h"

namespace orrery::models {
namespace {

using Settings = std::vector<Override>;

// A dense model or a mixture, on two nodes, with memory for all of it.
std::string scenario_of(bool mixture) {
  return R"(
model: {layers: 16, hidden: 1024, heads: 8, vocab: 4096, ffn: 2816, tied_embeddings: )" +
         std::string(mixture ? "false, moe: {experts: 8, top_k: 2, ffn: 1408}}" : "true}") + R"(
cluster: {preset: dgx-h100, nodes: 2}
training: {sequence_length: 2048, global_batch: 32, micro_batch: 1}
layout: {tp: 1, pp: 1}
)";
}

// What the planner searches, and the other families of schedules.
const std::vector<Settings> kPipelines = {
    {},
    {{"layout.pp", "2"}, {"pipeline.schedule", "gpipe"}},
    {{"layout.pp", "4"}, {"pipeline.schedule", "1f1b"}},
    {{"layout.pp", "8"}, {"pipeline.schedule", "1f1b"}, {"layout.order", "[tp,cp,ep,pp,dp]"}},
    {{"layout.pp", "2"}, {"pipeline.schedule", "interleaved-1f1b"}, {"pipeline.virtual_stages", "4"}},
    {{"layout.pp", "4"}, {"pipeline.schedule", "interleaved-1f1b"}, {"pipeline.virtual_stages", "2"}},
    {{"layout.pp", "4"}, {"pipeline.schedule", "zb-h1"}},
    {{"layout.pp", "4"}, {"pipeline.schedule", "zb-auto"}, {"pipeline.optimizer_barrier", "false"}},
    {{"layout.pp", "2"}, {"pipeline.schedule", "zb-v"}},
    {{"layout.pp", "4"}, {"pipeline.schedule", "chimera"}},
    {{"layout.pp", "2"}, {"pipeline.schedule", "dualpipe"}},
    {{"layout.pp", "4"}, {"pipeline.schedule", "pipedream-2bw"}, {"model.tied_embeddings", "false"}},
};

const std::vector<Settings> kShardings = {
    {{"layout.zero", "0"}},
    {{"layout.zero", "1"}},
    {{"layout.zero", "1"}, {"overlap.parameters", "false"}, {"overlap.gradients", "false"}},
    {{"layout.zero", "3"}},
    {{"layout.fsdp", "full_shard"}},
    {{"layout.fsdp", "hybrid_shard"}},
    {{"layout.zero", "2"}, {"layout.offload", "{optimizer: cpu}"}},
    {{"layout.zero", "0"}, {"layout.offload", "{parameters: cpu}"}},
    {{"layout.zero", "1"}, {"layout.offload", "{parameters: nvme, optimizer: cpu, activations: cpu}"}},
    {{"layout.zero", "2"}, {"layout.offload", "{parameters: cpu}"}, {"overlap.parameters", "false"}},
};

const std::vector<Settings> kWithin = {
    {{"layout.tp", "2"}},
    {{"layout.tp", "2"}, {"training.recompute", "full"}, {"training.micro_batch", "2"}},
    {{"layout.cp", "2"}, {"training.sequence_length", "8192"}},
    {{"layout.ep", "2"}},
    {{"layout.tp", "4"}, {"layout.ep", "4"}, {"overlap.pipeline", "false"}},
};

Settings joined(std::initializer_list<Settings> all) {
  Settings joined;
  for (const Settings& some : all) joined.insert(joined.end(), some.begin(), some.end());
  return joined;
}

std::string text_of(const Settings& settings) {
  std::string text;
  for (const Override& o : settings) text += o.path + "=" + o.value + " ";
  return text;
}

struct Share {
  double bound = 0, outline = 0;  // of the step
  double memory = 0;              // of the peak that the outline knows of
};

// No rank of a kind holds less at its peak than the outline says, and no step is shorter.
Share compare(const Outline& outline, const Compiled& compiled, const sim::RunResult& result,
              const Settings& settings) {
  Share share;
  for (const Outline::Rank& rank : outline.ranks) {
    Bytes least{INT64_MAX};
    for (std::uint32_t r = 0; r < result.ranks.size(); ++r) {
      const ProgramId program = compiled.workload.program_of[RankId{r}];
      if (compiled.stage_of_program[program.value] == rank.stage &&
          compiled.node_of_program[program.value] == rank.node)
        least = std::min(least, result.ranks[RankId{r}].memory.peak);
    }
    EXPECT_LE(rank.memory, least) << text_of(settings) << "stage " << rank.stage;
    share.memory = std::max(share.memory, static_cast<double>(rank.memory.n) / static_cast<double>(least.n));
  }
  EXPECT_LE(outline.step, result.step_time()) << text_of(settings);
  share.outline = outline.step.seconds() / result.step_time().seconds();
  return share;
}

// The bounds' shares of the step; none where the settings contradict each other.
std::optional<Share> tightness(const Settings& settings) {
  const bool mixture =
      std::any_of(settings.begin(), settings.end(), [](const auto& o) { return o.path == "layout.ep"; });
  const Result<Scenario> scenario = parse_scenario(scenario_of(mixture), "test.yaml", settings);
  if (!scenario || !scenario->not_supported_yet.empty()) return std::nullopt;
  const Result<Compiled> compiled = compile(*scenario);
  if (!compiled) return std::nullopt;
  const sim::Folded folded = sim::fold(compiled->workload);
  const sim::RunResult result = sim::run(folded.workload);
  EXPECT_FALSE(result.stuck) << text_of(settings);
  const Duration least = sim::least_step(folded.workload);
  EXPECT_LE(least, result.step_time()) << text_of(settings);
  EXPECT_GT(least, Duration()) << text_of(settings);
  const Result<Outline> outlined = outline(*scenario, true);
  if (!outlined) {
    ADD_FAILURE() << text_of(settings) << "has no outline";
    return std::nullopt;
  }
  Share share = compare(*outlined, *compiled, sim::unfold(folded, compiled->workload, result), settings);
  share.bound = least.seconds() / result.step_time().seconds();
  return share;
}

TEST(LeastStepOfLayouts, IsNeverAboveTheStepAndSeldomFarBelow) {
  Share sum;
  int layouts = 0, combinations = 0;
  for (const Settings& pipeline : kPipelines) {
    const int before = layouts;
    for (const char* software : {"megatron-core-2025", "deepspeed-2024"})
      for (const Settings& sharding : kShardings)
        for (const Settings& within : kWithin) {
          ++combinations;
          const auto share = tightness(joined({{{"software", software}}, pipeline, sharding, within}));
          if (!share) continue;
          ++layouts;
          sum.bound += share->bound;
          sum.outline += share->outline;
          sum.memory += share->memory;
        }
    EXPECT_GE(layouts, before + 4) << text_of(pipeline);
  }
  RecordProperty("layouts", layouts);
  RecordProperty("mean_share_permille", static_cast<int>(1000 * sum.bound / layouts));
  RecordProperty("outline_share_permille", static_cast<int>(1000 * sum.outline / layouts));
  RecordProperty("outline_memory_permille", static_cast<int>(1000 * sum.memory / layouts));
  EXPECT_GT(layouts, combinations / 2);
  EXPECT_GT(sum.bound / layouts, 0.85);
  EXPECT_GT(sum.outline / layouts, 0.7);
  EXPECT_GT(sum.memory / layouts, 0.8);
}

// Also where ranks are not folded, and each is a rank of its own.
TEST(LeastStepOfLayouts, IsThatOfEveryRank) {
  const Compiled c = compiled(read(small_scenario(), {{"layout.tp", "2"}, {"layout.pp", "2"}}));
  const Duration folded = sim::least_step(sim::fold(c.workload).workload);
  EXPECT_EQ(sim::least_step(c.workload), folded);
}

}  // namespace
}  // namespace orrery::models

// Scenarios on clusters of unlike nodes (cluster.groups).
#include "tests/models/compile/support.h"

namespace orrery::models {
namespace {

// Two pipeline stages of one node each, and two more where a test asks for them.
Scenario on(const std::string& cluster, const std::vector<Override>& more = {}) {
  std::vector<Override> overrides = {
      {"cluster", cluster}, {"layout.pp", "2"}, {"layout.tp", "8"}, {"training.global_batch", "8"}};
  overrides.insert(overrides.end(), more.begin(), more.end());
  return read(small_scenario(), overrides);
}

// DGX A100's parts in DGX H100's places.
const std::string kA100 = "gpu: a100-sxm-80gb, scale_up: {generation: nvlink3, switches: 6}, host: {pcie: gen4}";
const std::string kAllA100 = "{preset: dgx-h100, nodes: 2, fabric: {link: 200Gb/s}, " + kA100 + "}";
const std::string kGroup = "{nodes: 1, link: 200Gb/s, " + kA100 + "}";
const std::string kMixed = "{preset: dgx-h100, groups: [" + kGroup + ", {nodes: 1}]}";
const std::string kReversed = "{preset: dgx-h100, groups: [{nodes: 1}, " + kGroup + "]}";

// Time of the compute kernels of one step, by rank's program.
Duration work_of(const Compiled& c, std::uint32_t rank) {
  std::int64_t sum = 0;
  for (const sim::Op& op : c.workload.programs[c.workload.program_of[{rank}]].streams[sim::kMainStream].ops)
    if (op.kind == sim::OpKind::kernel) sum += op.payload;
  return Duration::ps(sum);
}

TEST(UnlikeNodes, GroupsOfOneKindAreThePlainCluster) {
  const auto digest = [](const std::string& cluster) { return run_folded(compiled(on(cluster))).digest; };
  EXPECT_EQ(digest("{preset: dgx-h100, nodes: 4}"), digest("{preset: dgx-h100, groups: [{nodes: 1}, {nodes: 3}]}"));
}

TEST(UnlikeNodes, EveryRankComputesAtItsOwnSpeed) {
  const Compiled mixed = compiled(on(kMixed));
  EXPECT_EQ(work_of(mixed, 0), work_of(compiled(on(kAllA100)), 0));
  EXPECT_EQ(work_of(mixed, 8), work_of(compiled(on("{preset: dgx-h100, nodes: 2}")), 8));
  EXPECT_GT(work_of(mixed, 0), work_of(compiled(on("{preset: dgx-h100, nodes: 2}")), 0));
}

// Many micro-batches: a pipeline goes as fast as its slowest stage, wherever that stands.
TEST(UnlikeNodes, TheSlowStageSetsThePace) {
  const auto step = [](const std::string& cluster) {
    return run_folded(compiled(on(cluster, {{"training.global_batch", "64"}}))).step_time().seconds();
  };
  const double fast = step("{preset: dgx-h100, nodes: 2}"), slow = step(kAllA100);
  for (const std::string& cluster : {kMixed, kReversed}) {
    EXPECT_GT(step(cluster), 0.9 * slow);
    EXPECT_LT(step(cluster), slow * 1.02);
  }
  EXPECT_LT(fast, 0.75 * slow);
}

// Two replicas, one on either kind: the fast one waits for the slow one at every gradient reduction.
TEST(UnlikeNodes, AGroupWaitsForItsSlowest) {
  const auto run = [](const std::string& cluster) {
    return run_every_rank(compiled(on(cluster, {{"layout.pp", "1"}, {"training.global_batch", "16"}})));
  };
  const sim::RunResult mixed = run(kMixed), slow = run(kAllA100);
  EXPECT_GE(mixed.step_time(), run("{preset: dgx-h100, nodes: 2}").step_time());
  EXPECT_NEAR(mixed.step_time().seconds() / slow.step_time().seconds(), 1, 0.02);
}

// Also where the kinds have the same links and differ in nothing but the GPU.
TEST(UnlikeNodes, FoldedIsUnfolded) {
  for (const std::string& group : {kGroup, std::string("{nodes: 1, gpu: a100-sxm-80gb}")})
    for (const auto& [pp, tp] : {std::pair("2", "8"), std::pair("1", "8"), std::pair("4", "2")}) {
      const Compiled c = compiled(on("{preset: dgx-h100, groups: [" + group + ", {nodes: 3}]}",
                                     {{"layout.pp", pp}, {"layout.tp", tp}, {"training.global_batch", "64"}}));
      EXPECT_EQ(run_folded(c).digest, run_every_rank(c).digest) << group << " pp " << pp;
    }
}

// One NVLink domain, one kind: its collectives are those of a cluster of that kind.
TEST(UnlikeNodes, CollectivesOfOneKindAreThatKinds) {
  const auto time = [](const std::string& cluster, std::uint32_t first) {
    const Scenario scenario = on(cluster);
    const Compiled c = compiled(scenario);
    std::vector<RankId> ranks;
    for (std::uint32_t i = 0; i < 8; ++i) ranks.push_back({first + i});
    const sim::TransferPlan& plan = c.workload.planner->plan({sim::TransferKind::all_reduce, ranks, Bytes{64 << 20}});
    return std::tuple(c.workload.planner->algorithm_name(plan.algorithm), plan.phases.front().latency,
                      plan.phases.front().bytes, plan.phases.front().max_rate);
  };
  EXPECT_EQ(time(kMixed, 0), time(kAllA100, 0));
  EXPECT_EQ(time(kMixed, 8), time("{preset: dgx-h100, nodes: 2}", 8));
}

TEST(UnlikeNodes, APrecisionThatOneKindLacksIsRefused) {
  const Result<Scenario> scenario = parse_scenario(
      small_scenario(), "test.yaml", {{"cluster", kMixed}, {"layout.tp", "8"}, {"training.precision", "fp8"}});
  ASSERT_FALSE(scenario.ok());
  EXPECT_NE(scenario.errors().front().what.find("a100-sxm-80gb does not multiply"), std::string::npos);
}

}  // namespace
}  // namespace orrery::models

// Several jobs on one fabric (`jobs`).
#include "models/run/jobs.h"

#include "models/scenario/shared_cluster.h"
#include "sim/jobs.h"
#include "tests/models/compile/support.h"

namespace orrery::models {
namespace {

// Data-parallel, one GPU a node, all of the reduction exposed; `nodes` of them under leaves of two nodes
// whose uplinks carry half of what one NIC can: they are the bottleneck of any ring that leaves its leaf.
Scenario job(int nodes, const std::vector<Override>& more = {}) {
  std::vector<Override> overrides = {
      {"cluster",
       "{preset: dgx-h100, gpus_per_node: 1, nodes: " + std::to_string(nodes) +
           ", host: {nics: 8}, fabric: {kind: fat-tree, leaf_radix: 4, oversubscription: 4, routing: balanced}}"},
      {"training.global_batch", std::to_string(4 * nodes)},
      {"overlap.gradients", "false"},
      {"training.gradients", "fp32"}};
  overrides.insert(overrides.end(), more.begin(), more.end());
  return read(small_scenario(), overrides);
}

Scenario with(Scenario main, std::initializer_list<std::pair<Scenario, int>> others) {
  for (const auto& [scenario, first_node] : others)
    main.jobs.push_back({std::make_shared<const Scenario>(scenario), first_node, {}});
  return main;
}

JobsRun run(Scenario scenario) {
  Result<JobsRun> result = run_jobs(std::move(scenario));
  if (!result) {
    ADD_FAILURE() << to_string(result.errors().front());
    std::abort();
  }
  return std::move(*result);
}

// On two leaves, no link in common.
TEST(Jobs, OnLinksOfTheirOwnAreNotSlowed) {
  const JobsRun both = run(with(job(2), {{job(2), 2}}));
  ASSERT_EQ(both.jobs.size(), 2u);
  for (const JobTimes& times : both.jobs) EXPECT_EQ(times.together, times.alone);
  const sim::RunResult alone = run_folded(compiled(job(2)));
  EXPECT_EQ(both.simulated.ranks.step_time(), alone.step_time());
  EXPECT_EQ(both.simulated.ranks.digest, alone.digest);
}

// Nodes 2 and 3 are on one leaf, and both jobs' rings cross its uplink. Each is as alone with half of it, but for the
// few percent of a link that a protocol leaves unused where nobody else takes them.
TEST(Jobs, SharingABottleneckEachGetHalf) {
  const JobsRun both = run(with(job(3), {{job(3), 3}}));
  const Duration with_half = run_folded(compiled(job(3, {{"cluster.fabric.oversubscription", "8"}}))).step_time();
  for (const JobTimes& times : both.jobs) {
    EXPECT_LE(times.together, with_half);
    EXPECT_NEAR((times.together - times.alone).seconds() / (with_half - times.alone).seconds(), 1, 0.05);
    EXPECT_GT(times.slowdown(), 1.2);
  }
  EXPECT_EQ(both.jobs[0].together, both.jobs[1].together);
}

TEST(Jobs, AreMeasuredOverTheLongestsStep) {
  const JobsRun both = run(with(job(2), {{job(2, {{"training.global_batch", "40"}}), 2}}));
  EXPECT_GT(both.jobs[0].steps, 2);
  EXPECT_EQ(both.jobs[1].steps, 1);
  for (const JobTimes& times : both.jobs) EXPECT_EQ(times.together, times.alone);
  EXPECT_GE(both.jobs[0].alone * both.jobs[0].steps, both.jobs[1].alone);
  EXPECT_EQ(both.simulated.ranks.step_time(), both.jobs[0].together);
}

// A short job beside a long one meets it in some of its steps only.
TEST(Jobs, OfUnequalStepsSlowEachOtherLess) {
  const Scenario quick = job(3), slow = job(3, {{"training.global_batch", "192"}});
  const JobsRun both = run(with(quick, {{slow, 3}}));
  const double equal = run(with(quick, {{quick, 3}})).jobs[0].slowdown();
  EXPECT_GT(both.jobs[0].slowdown(), 1.0);
  EXPECT_LT(both.jobs[0].slowdown(), equal);
  EXPECT_GT(both.jobs[1].slowdown(), 1.0);
  EXPECT_LT(both.jobs[1].slowdown(), equal);
}

TEST(Jobs, TheTimesOfAMeanStepAddUp) {
  const JobsRun both = run(with(job(3), {{job(3, {{"training.global_batch", "60"}}), 3}}));
  ASSERT_GT(both.jobs[0].steps, 1);
  const sim::RankSummaries& ranks = both.simulated.ranks.ranks;
  for (std::uint32_t r = 0; r < ranks.size(); ++r) {
    const sim::RankTime& time = ranks[{r}].time;
    Duration sum = time.bubble;
    for (const auto* parts : {&time.busy, &time.exposed, &time.late})
      for (const Duration part : *parts) sum += part;
    EXPECT_EQ(sum, ranks[{r}].step_end - ranks[{r}].previous_step_end);
  }
}

TEST(Jobs, FoldedAreUnfolded) {
  Scenario folded = with(job(3), {{job(3, {{"training.global_batch", "24"}}), 3}}), unfolded = folded;
  unfolded.simulation.fold = false;
  const JobsRun a = run(folded), b = run(unfolded);
  EXPECT_EQ(a.simulated.ranks.digest, b.simulated.ranks.digest);
  for (std::size_t i = 0; i < a.jobs.size(); ++i) EXPECT_EQ(a.jobs[i].together, b.jobs[i].together);
}

// Without contention nobody slows anybody, whatever is shared.
TEST(Jobs, WithoutContentionAreNotSlowed) {
  const std::vector<Override> analytic = {{"simulation.network", "analytic"}};
  for (const JobTimes& times : run(with(job(3, analytic), {{job(3, analytic), 3}})).jobs)
    EXPECT_EQ(times.together, times.alone);
}

// Two racks of 18 trays in each job, and nothing between the racks that could be full.
TEST(Jobs, InWholeNvlinkDomainsAreAsAlone) {
  const auto racks = [](int gpus) {
    return read(small_scenario(), {{"cluster", "{preset: gb200-nvl72, gpus: " + std::to_string(gpus) + "}"},
                                   {"training.global_batch", std::to_string(2 * gpus)}});
  };
  const JobsRun both = run(with(racks(144), {{racks(144), 36}}));
  const sim::RunResult alone = run_folded(compiled(racks(144)));
  EXPECT_EQ(both.simulated.ranks.digest, alone.digest);
  for (const JobTimes& times : both.jobs) EXPECT_EQ(times.together, times.alone);
  // Beside one another in one rack: each GPU's NVLinks are its own.
  const JobsRun halves = run(with(racks(36), {{racks(36), 9}}));
  for (const JobTimes& times : halves.jobs) EXPECT_EQ(times.together, times.alone);
}

// Nodes of another GPU are slowed by their own transfers as they are alone, whoever's claims come first.
TEST(Jobs, OfOtherGpusOnLinksOfTheirOwnAreNotSlowed) {
  const auto a100 = [](int nodes) {
    return job(nodes, {{"cluster.gpu", "a100-sxm-80gb"}, {"overlap.gradients", "true"}});
  };
  const JobsRun both = run(with(job(2), {{a100(2), 2}}));
  EXPECT_EQ(both.jobs[0].together, run_folded(compiled(job(2))).step_time());
  EXPECT_EQ(both.jobs[1].alone, run_folded(compiled(a100(2))).step_time());
  for (const JobTimes& times : both.jobs) EXPECT_EQ(times.together, times.alone);
  EXPECT_GT(run(with(job(3), {{a100(3), 3}})).jobs[1].slowdown(), 1.1);
}

TEST(Jobs, BesideOneOnGroupsOfNodes) {
  const char* nodes =
      "{preset: dgx-h100, gpus_per_node: 1, host: {nics: 8}, fabric: {kind: fat-tree, leaf_radix: 4, routing: "
      "balanced}, "
      "groups: [{nodes: 1}, {nodes: 1, gpu: a100-sxm-80gb, link: 200Gb/s}]}";
  const Scenario mixed = job(2, {{"cluster", nodes}, {"training.global_batch", "8"}});
  const Scenario alike = job(2, {{"cluster.fabric.oversubscription", "1"}});
  const JobsRun both = run(with(mixed, {{alike, 4}}));
  EXPECT_EQ(both.jobs[0].together, run_folded(compiled(mixed)).step_time());
  EXPECT_EQ(both.jobs[1].together, run_folded(compiled(alike)).step_time());
}

// On a ring of seven routers the way from node 4 to node 0 leads past the neighbour's.
TEST(Jobs, OnATorusOfNodesShareItsCables) {
  const auto on_ring = [](int nodes) {
    return job(nodes, {{"cluster", "{preset: dgx-h100, gpus_per_node: 1, nodes: " + std::to_string(nodes) +
                                       ", host: {nics: 8}, fabric: {kind: torus, dimensions: 1}}"}});
  };
  const Scenario apart = with(on_ring(3), {{on_ring(3), 3}}), past = with(on_ring(5), {{on_ring(2), 5}});
  EXPECT_EQ(shared_cluster(past).fabric.dimensions, std::vector<int>{7});
  for (const JobTimes& times : run(apart).jobs) EXPECT_EQ(times.together, times.alone);
  for (const JobTimes& times : run(past).jobs) EXPECT_GT(times.slowdown(), 1.01);
}

// A torus grows along its last dimension, and by whole layers.
TEST(Jobs, LieInLayersOfATorus) {
  const auto in_layers = [](int nodes, const std::string& dimensions) {
    return job(nodes, {{"cluster", "{preset: dgx-h100, gpus_per_node: 1, nodes: " + std::to_string(nodes) +
                                       ", fabric: {kind: torus, dimensions: " + dimensions + "}}"}});
  };
  const topology::ClusterSpec machine =
      shared_cluster(with(in_layers(4, "[2, 2, 1]"), {{in_layers(3, "[3, 1, 1]"), 6}}));
  EXPECT_EQ(machine.fabric.dimensions, (std::vector<int>{2, 2, 3}));
  EXPECT_EQ(machine.nodes, 12);
}

// What is held follows from the order of a rank's own program.
TEST(Jobs, HoldWhatTheyHoldAlone) {
  const JobsRun both = run(with(job(3), {{job(3), 3}}));
  const sim::RunResult alone = run_folded(compiled(job(3)));
  for (std::uint32_t r = 0; r < alone.ranks.size(); ++r)
    EXPECT_EQ(both.simulated.ranks.ranks[{r}].memory.by_cause, alone.ranks[{r}].memory.by_cause);
}

// The last thing that a listener hears of the scenario's ranks is the end of the step that is told.
TEST(Jobs, WhoListensHearsTheRunThatIsTold) {
  struct Listener : sim::TraceSink {
    std::shared_ptr<const Prepared> all;
    Time own_end, others_end;

    bool wants(RankId) const override { return true; }
    void span(const sim::Span& span) override {
      Time& end = all->is_own(span.rank) ? own_end : others_end;
      end = std::max(end, span.end);
    }
  } listener;
  JobsOptions options;
  options.listen = [&](const std::shared_ptr<const Prepared>& all) -> Result<sim::TraceSink*> {
    listener.all = all;
    return &listener;
  };
  const Scenario scenario = with(job(3), {{job(3, {{"training.global_batch", "60"}}), 3}});
  const Result<JobsRun> heard = run_jobs(scenario, options);
  ASSERT_TRUE(heard.ok());
  EXPECT_EQ(heard->simulated.ranks.digest, run(scenario).simulated.ranks.digest);
  EXPECT_EQ(listener.own_end, heard->simulated.ranks.step_ends.back());
  EXPECT_GE(listener.others_end, listener.own_end);
  EXPECT_EQ(heard->simulated.classes.step_ends.back(), listener.own_end);
  EXPECT_NEAR(heard->simulated.classes.step_time().seconds(), heard->jobs[0].together.seconds() * heard->jobs[0].steps,
              1e-9);
}

// Steps of pipelines with gathers that the next step waits for, written out twice, end when they would.
TEST(RepeatedSteps, AreAsManySteps) {
  const Scenario scenario = read(small_scenario(), {{"layout.pp", "2"}, {"layout.zero", "1"}, {"layout.dp", "4"}});
  Compiled four = compiled(scenario), twice = compiled(scenario);
  four.workload.steps = 4;
  for (sim::Program& program : twice.workload.programs) program = sim::repeated(program, 2);
  const sim::RunResult a = run_every_rank(four), b = run_every_rank(twice);
  EXPECT_TRUE(sim::check(twice.workload).empty());
  EXPECT_EQ(b.step_ends, (std::vector<Time>{a.step_ends[1], a.step_ends[3]}));
}

}  // namespace
}  // namespace orrery::models

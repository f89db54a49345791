// Laws of whole scenarios that need no table of layouts.

#include <algorithm>
#include <future>
#include <map>

#include "models/architecture/parameters.h"
#include "sim/trace/critical_path.h"
#include "tests/models/compile/support.h"

namespace orrery::models {
namespace {

std::vector<Override> three_dimensions() {
  return {{"cluster.nodes", "2"}, {"layout.tp", "2"}, {"layout.pp", "4"}, {"training.global_batch", "32"}};
}

// An engine owns its clock and all of its state.
TEST(Digest, IsTheSameOnAnyNumberOfThreads) {
  const auto digest = [] { return run_folded(compiled(read(small_scenario(), three_dimensions()))).digest; };
  const Digest alone = digest();
  std::vector<std::future<Digest>> others;
  for (int i = 0; i < 4; ++i) others.push_back(std::async(std::launch::async, digest));
  for (auto& other : others) EXPECT_EQ(other.get(), alone);
}

TEST(Network, NoLinkIsEverAboveItsCapacity) {
  std::vector<Override> overrides = three_dimensions();
  overrides.push_back({"cluster.fabric.oversubscription", "4"});
  const Compiled c = compiled(read(small_scenario(), overrides));
  sim::Trace trace;
  sim::RunOptions options;
  options.trace = &trace;
  sim::run(c.workload, options);
  ASSERT_FALSE(trace.samples().empty());
  for (const sim::LinkSample& sample : trace.samples())
    ASSERT_LE(sample.load, c.workload.links[sample.link].capacity) << c.fabric->link_name(sample.link);
}

// Makespan >= critical path >= busiest stream: here the path is the whole step.
TEST(CriticalPath, FillsTheStepAndCoversTheBusiestStream) {
  const Compiled c = compiled(read(small_scenario(), three_dimensions()));
  sim::Trace trace;
  sim::RunOptions options;
  options.trace = &trace;
  const sim::RunResult result = sim::run(c.workload, options);
  const sim::CriticalPath path = sim::critical_path(c.workload, trace);
  ASSERT_FALSE(path.segments.empty());
  Duration length;
  for (const auto& segment : path.segments) length += segment.to - segment.from;
  EXPECT_EQ(length, result.step_time());
  for (const sim::Program& program : c.workload.programs)
    for (const sim::Stream& stream : program.streams) {
      Duration busy;
      for (const sim::Op& op : stream.ops)
        if (op.kind == sim::OpKind::kernel) busy += Duration::ps(op.payload);
      EXPECT_GE(length, busy) << program.name << ' ' << stream.name;
    }
}

// CUDA_LAUNCH_BLOCKING=1: nothing of the host's work is hidden, so the step is so much longer for each microsecond a
// launch.
TEST(Host, OneThatWaitsForEachKernelGivesItAllItsTime) {
  const auto step = [](const std::string& launch, const std::string& blocking) {
    const std::string software =
        "{preset: ideal, cuda_graphs: false, launch: " + launch + ", blocking_launches: " + blocking + "}";
    return run_folded(compiled(read(small_scenario(), {{"layout.tp", "8"}, {"software", software}}))).step_time();
  };
  const Duration free = step("0us", "true"), once = step("1us", "true"), twice = step("2us", "true");
  EXPECT_EQ(twice - once, once - free);
  EXPECT_EQ((once - free).count_ps() % Duration::us(1).count_ps(), 0);
  EXPECT_GE(once - free, Duration::us(16 * 8 * 24));  // micro-batches, layers, kernels in each, at least
  EXPECT_EQ(step("1us", "false"), free);              // what runs ahead hides behind kernels of tens of microseconds
}

// Every parameter is on some rank, and on as many as there are replicas.
TEST(Memory, ParametersOverRanksAddUpToTheModel) {
  const Scenario scenario = read(small_scenario(), {{"cluster.nodes", "2"}, {"layout.tp", "1"}, {"layout.pp", "4"}});
  const Compiled c = compiled(scenario);
  const sim::RunResult result = run_every_rank(c);
  Bytes sum;
  for (const sim::RankSummary& rank : result.ranks.distinct())
    sum += rank.memory.by_cause[static_cast<std::size_t>(MemoryCause::parameters)];
  const std::int64_t parameters = count_parameters(scenario.model).total;
  EXPECT_EQ(sum.n, 2 * parameters * scenario.layout.dp);  // bf16
}

// A straggler splits classes only where it reaches, and folding stays exact.
TEST(Straggler, IsFoldedExactlyAndSlowsTheStep) {
  std::vector<Override> overrides = {
      {"cluster.nodes", "8"}, {"layout.tp", "2"}, {"layout.pp", "4"}, {"training.global_batch", "64"}};
  const Duration even = run_folded(compiled(read(small_scenario(), overrides))).step_time();
  overrides.push_back({"simulation.stragglers", "[{rank: 5, slowdown: 1.5}]"});
  const Compiled c = compiled(read(small_scenario(), overrides));
  EXPECT_LT(sim::fold(c.workload).workload.ranks(), c.workload.ranks());
  const sim::RunResult full = run_every_rank(c);
  EXPECT_EQ(run_folded(c).digest, full.digest);
  EXPECT_GT(full.step_time(), even);
  EXPECT_LE(full.step_time().seconds(), 1.5 * even.seconds());
}

TEST(Jitter, IsSeededAndLengthensTheStep) {
  std::vector<Override> overrides = three_dimensions();
  const Duration still = run_every_rank(compiled(read(small_scenario(), overrides))).step_time();
  overrides.push_back({"simulation.jitter.compute", "0.05"});
  const sim::RunResult once = run_every_rank(compiled(read(small_scenario(), overrides)));
  const sim::RunResult again = run_every_rank(compiled(read(small_scenario(), overrides)));
  EXPECT_EQ(once.digest, again.digest);
  EXPECT_GT(once.step_time(), still);  // who waits for several waits for the latest
  overrides.push_back({"simulation.seed", "2"});
  EXPECT_NE(run_every_rank(compiled(read(small_scenario(), overrides))).digest, once.digest);
}

// On an idle fabric a transfer takes what it takes alone.
TEST(Network, AnalyticIsNeverSlowerThanFlow) {
  std::vector<Override> overrides = three_dimensions();
  const Duration flow = run_folded(compiled(read(small_scenario(), overrides))).step_time();
  overrides.push_back({"simulation.network", "analytic"});
  const Duration analytic = run_folded(compiled(read(small_scenario(), overrides))).step_time();
  EXPECT_LE(analytic, flow);
  EXPECT_GT(analytic.seconds(), 0.8 * flow.seconds());
}

}  // namespace
}  // namespace orrery::models

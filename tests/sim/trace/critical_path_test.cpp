#include "sim/trace/critical_path.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "sim/engine/engine.h"
#include "tests/sim/engine/engine_kit.h"
#include "tests/sim/fold/fold_cluster.h"

namespace orrery::sim {
namespace {

using testing::ToyJob;
using testing::ToyWorkload;

std::vector<ToyJob> jobs() {
  return {
      {.tp = 2, .pp = 4, .dp = 2},
      {.tp = 1, .pp = 4, .dp = 1, .micro_batches = 8},
      {.tp = 4, .pp = 2, .dp = 4, .leaf_rate = 31'000'000'217, .overlap_dp = false},
      {.tp = 2, .pp = 3, .dp = 4, .max_rate = 11'000'000'099, .ring_inside_tp = true, .straggler = 7},
      {.tp = 4, .pp = 1, .dp = 2},
  };
}

RunResult run_with(const Workload& w, TraceSink& trace) {
  RunOptions options;
  options.trace = &trace;
  return run(w, options);
}

struct Ran {
  explicit Ran(const Workload& w) : result(run_with(w, trace)) {}
  Trace trace;
  RunResult result;
};

const Op& op_of(const Workload& w, const PathSegment& s) {
  return w.programs[w.program_of[s.rank]].streams[s.stream].ops[s.op];
}

// At every moment of the step something on the path is in progress.
TEST(CriticalPath, IsContiguousAndAddsUpToTheStep) {
  for (const ToyJob& job : jobs()) {
    const Workload w = ToyWorkload(job).make();
    const Ran ran(w);
    const CriticalPath path = critical_path(w, ran.trace);
    ASSERT_FALSE(path.segments.empty());
    EXPECT_EQ(path.segments.front().from, path.from);
    EXPECT_EQ(path.segments.back().to, path.to);
    for (std::size_t i = 1; i < path.segments.size(); ++i) EXPECT_EQ(path.segments[i].from, path.segments[i - 1].to);
    EXPECT_EQ(path.to - path.from, ran.result.step_time());
    EXPECT_EQ(kit::total(path.by_category) + path.unexplained, ran.result.step_time());
  }
}

// With every rank in the trace nothing on the path is idle, and every segment lies
// where its op was at work.
TEST(CriticalPath, EveryMomentIsExplained) {
  for (const ToyJob& job : jobs()) {
    const Workload w = ToyWorkload(job).make();
    const Ran ran(w);
    const CriticalPath path = critical_path(w, ran.trace);
    EXPECT_EQ(path.unexplained, Duration());
    for (const PathSegment& segment : path.segments) {
      const bool at_work = std::any_of(ran.trace.spans().begin(), ran.trace.spans().end(), [&](const Span& s) {
        return s.rank == segment.rank && s.stream == segment.stream && s.step == segment.step && s.op == segment.op &&
               s.met <= segment.from && segment.to <= s.end;
      });
      EXPECT_TRUE(at_work);
      EXPECT_FALSE(segment.waiting);
    }
  }
}

// makespan >= path >= busiest stream.
TEST(CriticalPath, IsAtLeastAsLongAsTheBusiestStream) {
  for (const ToyJob& job : jobs()) {
    const Workload w = ToyWorkload(job).make();
    const Ran ran(w);
    const CriticalPath path = critical_path(w, ran.trace);
    // Sends and receives of a group lie side by side: each moment counts once.
    std::map<std::pair<RankId, StreamIndex>, std::pair<Time, Duration>> busy;
    for (const Span& s : ran.trace.spans()) {
      auto& [until, time] = busy[{s.rank, s.stream}];
      const Time from = std::max({s.met, path.from, until}), to = std::min(s.end, path.to);
      if (to <= from) continue;
      time += to - from;
      until = to;
    }
    const Duration on_path = kit::total(path.by_category);
    for (const auto& [stream, is] : busy) EXPECT_LE(is.second, on_path);
    EXPECT_LE(on_path, path.to.since_start());
  }
}

// Two ranks; the second is late to the collective that both end with. The path
// is the second's kernel and the collective.
TEST(CriticalPath, LeadsThroughTheOneThatWasLate) {
  kit::World world;
  const GroupRole all = world.group({0, 1});
  for (const int us : {10, 30}) {
    kit::Script script;
    script.kernel(kit::Script::main, Duration::us(us));
    script.all_reduce(kit::Script::main, all, 1000);
    world.ranks(1, script.done());
  }
  const Ran ran(world.workload);
  const CriticalPath path = critical_path(world.workload, ran.trace);
  ASSERT_EQ(path.segments.size(), 2u);
  EXPECT_EQ(path.segments[0].rank, RankId{1});
  EXPECT_EQ(op_of(world.workload, path.segments[0]).kind, OpKind::kernel);
  EXPECT_EQ(path.by_category[kit::kCompute], Duration::us(30));
  EXPECT_EQ(path.by_category[kit::kTp], kit::took(*world.planner, 1000));
}

// What is not in the trace cannot be blamed, but time is still accounted for.
TEST(CriticalPath, SaysWhatTheTraceDoesNotTell) {
  struct OneRank : Trace {
    bool wants(RankId rank) const override { return rank == RankId{0}; }
  };
  kit::World world;
  const GroupRole all = world.group({0, 1});
  for (const int us : {10, 30}) {
    kit::Script script;
    script.kernel(kit::Script::main, Duration::us(us));
    script.all_reduce(kit::Script::main, all, 1000);
    world.ranks(1, script.done());
  }
  OneRank trace;
  const RunResult result = run_with(world.workload, trace);
  const CriticalPath path = critical_path(world.workload, trace);
  EXPECT_EQ(path.unexplained, Duration::us(20));
  EXPECT_EQ(kit::total(path.by_category) + path.unexplained, result.step_time());
}

// Slack is what it says: a kernel made longer by its slack does not move the end
// of the step, and by one nanosecond more it does. Transfers take fixed times here,
// and only one step runs, so that a kernel is made longer once.
TEST(Slack, IsHowMuchLongerAKernelMayTake) {
  ToyJob job{.tp = 2, .pp = 3, .dp = 2};
  Workload w = ToyWorkload(job).make();
  const auto planner = std::make_shared<kit::SimplePlanner>();
  w.planner = planner;
  w.steps = 1;
  w.program_of = {};
  IdVector<ProgramId, Program> programs;  // one for each rank, so that a change is one rank's
  const Workload shared = ToyWorkload(job).make();
  for (const ProgramId program : shared.program_of) w.program_of.add(programs.add(shared.programs[program]));
  w.programs = std::move(programs);
  const Ran ran(w);
  const std::vector<Duration> slacks = slack(w, ran.trace);
  ASSERT_EQ(slacks.size(), ran.trace.spans().size());
  int with_slack = 0;
  for (std::size_t i = 0; i < slacks.size(); i += 7) {
    const Span& span = ran.trace.spans()[i];
    Op& op = w.programs[w.program_of[span.rank]].streams.edit()[span.stream].ops[span.op];
    if (op.kind != OpKind::kernel) continue;
    with_slack += slacks[i] > Duration();
    const std::int64_t cost = op.payload;
    op.payload = cost + slacks[i].count_ps();
    EXPECT_EQ(run(w).step_time(), ran.result.step_time());
    op.payload = cost + slacks[i].count_ps() + 1000;
    EXPECT_GT(run(w).step_time(), ran.result.step_time());
    op.payload = cost;
  }
  EXPECT_GT(with_slack, 10);
}

TEST(Slack, IsZeroOnTheCriticalPath) {
  for (const ToyJob& job : jobs()) {
    const Workload w = ToyWorkload(job).make();
    const Ran ran(w);
    const CriticalPath path = critical_path(w, ran.trace);
    const std::vector<Duration> slacks = slack(w, ran.trace);
    std::map<std::tuple<RankId, StreamIndex, std::uint16_t, OpIndex>, Duration> by_op;
    for (std::size_t i = 0; i < slacks.size(); ++i) {
      const Span& s = ran.trace.spans()[i];
      by_op[{s.rank, s.stream, s.step, s.op}] = slacks[i];
    }
    for (const PathSegment& s : path.segments) EXPECT_EQ((by_op[{s.rank, s.stream, s.step, s.op}]), Duration());
  }
}

}  // namespace
}  // namespace orrery::sim

// Laws that hold for whatever a scenario compiles to.

#include <algorithm>
#include <numeric>
#include <tuple>

#include "sim/bound/least_step.h"
#include "sim/calls.h"
#include "tests/models/compile/support.h"
#include "tests/sim/same_run.h"

namespace orrery::models {
namespace {

struct Case {
  std::string name;
  std::vector<Override> overrides;
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << c.name;
}

Case layout(int nodes, int tp, int pp, const std::string& schedule, int v, int zero, bool overlap) {
  Case c;
  c.name = "n" + std::to_string(nodes) + "_tp" + std::to_string(tp) + "_pp" + std::to_string(pp) + "_" + schedule +
           "_v" + std::to_string(v) + "_z" + std::to_string(zero) + (overlap ? "_overlap" : "_waiting");
  std::replace(c.name.begin(), c.name.end(), '-', '_');
  const std::string on = overlap ? "true" : "false";
  c.overrides = {{"cluster.nodes", std::to_string(nodes)},
                 {"layout.tp", std::to_string(tp)},
                 {"layout.pp", std::to_string(pp)},
                 {"layout.zero", std::to_string(zero)},
                 {"pipeline.schedule", schedule},
                 {"overlap.gradients", on},
                 {"overlap.parameters", on},
                 {"overlap.pipeline", on},
                 {"training.global_batch", "64"}};
  if (v > 1) c.overrides.push_back({"pipeline.virtual_stages", std::to_string(v)});
  return c;
}

Case with(Case c, const std::string& name, const std::vector<Override>& more) {
  c.name += "_" + name;
  c.overrides.insert(c.overrides.end(), more.begin(), more.end());
  return c;
}

// States shared in every way, alone and under a pipeline.
void add_sharded(std::vector<Case>& cases, bool overlap) {
  const Case one_stage = layout(2, 2, 1, "none", 1, 0, overlap), four = layout(2, 2, 4, "1f1b", 1, 0, overlap);
  for (const char* stage : {"2", "3"}) {
    cases.push_back(with(one_stage, std::string("zero") + stage, {{"layout.zero", stage}}));
    cases.push_back(with(four, std::string("zero") + stage, {{"layout.zero", stage}}));
  }
  cases.push_back(with(one_stage, "groups", {{"layout.zero", "3"}, {"layout.shard_group", "4"}}));
  cases.push_back(with(four, "instances", {{"layout.zero", "1"}, {"layout.optimizer_instances", "2"}}));
}

std::vector<Case> layouts() {
  std::vector<Case> cases;
  for (const bool overlap : {true, false}) add_sharded(cases, overlap);
  for (const bool overlap : {true, false})
    for (const int zero : {0, 1}) {
      cases.push_back(layout(1, 1, 1, "none", 1, zero, overlap));
      cases.push_back(layout(1, 8, 1, "none", 1, zero, overlap));
      cases.push_back(layout(2, 2, 2, "1f1b", 1, zero, overlap));
      cases.push_back(layout(2, 4, 4, "1f1b", 1, zero, overlap));
      cases.push_back(layout(2, 2, 4, "gpipe", 1, zero, overlap));
      cases.push_back(layout(2, 1, 8, "1f1b", 1, zero, overlap));
      cases.push_back(layout(2, 2, 4, "interleaved-1f1b", 2, zero, overlap));
      cases.push_back(layout(4, 4, 2, "interleaved-1f1b", 4, zero, overlap));
      // Breadth first, every rank sends what its neighbour cannot take yet: waiting for it would deadlock.
      if (overlap) cases.push_back(layout(4, 2, 4, "looped-bfs", 2, zero, overlap));
      if (overlap) cases.push_back(layout(4, 8, 2, "looped-bfs", 2, zero, overlap));
    }
  const auto grid = [&](int nodes, int tp, int pp, const char* dimensions, int zero) {
    Case c = layout(nodes, tp, pp, pp > 1 ? "1f1b" : "none", 1, zero, true);
    cases.push_back(with(c, std::string("in") + (dimensions[1] == '.' ? "25d" : dimensions),
                         {{"layout.tp_dimensions", dimensions}, {"training.micro_batch", "4"}}));
  };
  grid(1, 4, 1, "2d", 0);
  grid(2, 4, 2, "2d", 1);
  grid(2, 8, 2, "2.5d", 0);
  grid(2, 8, 1, "2.5d", 1);
  grid(2, 8, 2, "3d", 0);
  for (const char* stream : {"pipedream", "pipedream-2bw"}) {
    cases.push_back(layout(2, 2, 4, stream, 1, 0, true));
    cases.push_back(layout(2, 8, 2, stream, 1, 0, true));
  }
  for (const int zero : {0, 1}) {
    for (const char* one_chunk : {"zb-h1", "zb-h2", "zb-auto", "dualpipe", "chimera"})
      cases.push_back(layout(2, 2, 4, one_chunk, 1, zero, true));
    for (const char* two_chunks :
         {"interleaved-zb1p", "zb-v", "zb-v-auto", "v-1f1b", "v-half", "v-min", "dualpipe-v", "hanayo"})
      cases.push_back(layout(2, 2, 4, two_chunks, 2, zero, true));
    cases.push_back(layout(2, 8, 2, "zb-v", 2, zero, true));  // two ranks: the next is the one before
    cases.push_back(layout(2, 4, 2, "dualpipe", 1, zero, true));
  }
  return cases;
}

class EveryLayout : public testing::TestWithParam<Case> {
 protected:
  Scenario scenario() const { return read(small_scenario(), GetParam().overrides); }
};

TEST_P(EveryLayout, IsAcceptedByTheCheck) {
  for (const Error& e : sim::check(compiled(scenario()).workload)) ADD_FAILURE() << to_string(e);
}

TEST_P(EveryLayout, FoldedIsUnfolded) {
  const Compiled c = compiled(scenario());
  const sim::RunResult full = run_every_rank(c);
  const sim::RunResult folded = run_folded(c);
  EXPECT_EQ(folded.digest, full.digest);
  EXPECT_EQ(folded.step_time(), full.step_time());
  ASSERT_EQ(folded.ranks.size(), full.ranks.size());
  for (std::uint32_t r = 0; r < full.ranks.size(); ++r) {
    EXPECT_EQ(folded.ranks[{r}].time.bubble, full.ranks[{r}].time.bubble) << "rank " << r;
    EXPECT_EQ(folded.ranks[{r}].time.busy, full.ranks[{r}].time.busy) << "rank " << r;
    EXPECT_EQ(folded.ranks[{r}].time.exposed, full.ranks[{r}].time.exposed) << "rank " << r;
    EXPECT_EQ(folded.ranks[{r}].memory.peak, full.ranks[{r}].memory.peak) << "rank " << r;
  }
  for (std::uint32_t l = 0; l < full.links.size(); ++l)
    EXPECT_EQ(folded.links[{l}].bytes, full.links[{l}].bytes) << "link " << l;
}

TEST_P(EveryLayout, CoalescedIsOpByOp) {
  const Compiled c = compiled(scenario());
  const sim::RunResult runs = run_every_rank(c, true);
  const sim::RunResult ops = run_every_rank(c, false);
  EXPECT_EQ(runs.digest, ops.digest);
  EXPECT_EQ(runs.ops, ops.ops);
  for (std::uint32_t r = 0; r < runs.ranks.size(); ++r) {
    EXPECT_EQ(runs.ranks[{r}].memory.peak, ops.ranks[{r}].memory.peak) << "rank " << r;
    EXPECT_EQ(runs.ranks[{r}].time.busy, ops.ranks[{r}].time.busy) << "rank " << r;
  }
}

void expect_same_ops(const sim::Program& a, const sim::Program& b) {
  ASSERT_EQ(a.streams.size(), b.streams.size());
  const auto fields = [](const sim::Op& op) {
    return std::tuple(op.kind, op.category, op.flags, op.after_stream, op.after, op.payload);
  };
  for (std::size_t s = 0; s < a.streams.size(); ++s) {
    const sim::Stream &x = a.streams[s], &y = b.streams[s];
    ASSERT_EQ(x.ops.size(), y.ops.size()) << a.name << ' ' << x.name;
    ASSERT_EQ(x.notes.size(), x.ops.size());
    for (std::size_t i = 0; i < x.ops.size(); ++i) {
      ASSERT_EQ(fields(x.ops[i]), fields(y.ops[i])) << a.name << ' ' << x.name << ' ' << i;
      EXPECT_EQ(x.notes[i].kernel, y.notes[i].kernel);
    }
  }
}

// What ops name.
void expect_same_tables(const sim::Program& a, const sim::Program& b) {
  EXPECT_EQ(a.transfers, b.transfers) << a.name;
  EXPECT_TRUE(std::equal(a.markers.begin(), a.markers.end(), b.markers.begin(), b.markers.end())) << a.name;
  ASSERT_EQ(a.buffers.size(), b.buffers.size()) << a.name;
  const auto fields = [](const sim::Program& program, std::size_t i) {
    const sim::Buffer& buffer = program.buffers[i];
    return std::tuple(buffer.bytes.n, buffer.cause, buffer.parts, program.labels[buffer.label]);
  };
  for (std::size_t i = 0; i < a.buffers.size(); ++i) ASSERT_EQ(fields(a, i), fields(b, i)) << a.name << ' ' << i;
}

// Passes that are called, and rounds of them that are copied, are those that would have been written.
TEST_P(EveryLayout, CallsWriteOutToTheSameOps) {
  const Compiled out = compiled(scenario()), calls = compiled(scenario(), Form::with_calls);
  ASSERT_EQ(calls.workload.programs.size(), out.workload.programs.size());
  for (std::uint32_t p = 0; p < out.workload.programs.size(); ++p) {
    const sim::Program &there = out.workload.programs[ProgramId{p}], &here = calls.workload.programs[ProgramId{p}];
    EXPECT_EQ(here.op_count(), there.op_count());
    expect_same_tables(here, there);
    expect_same_ops(sim::written_out(here), there);
  }
}

TEST_P(EveryLayout, CallsRunTheSame) {
  const Compiled out = compiled(scenario()), calls = compiled(scenario(), Form::with_calls);
  for (const Error& e : sim::check(calls.workload)) ADD_FAILURE() << to_string(e);
  sim::kit::expect_equal(run_every_rank(calls), run_every_rank(out));
  sim::kit::expect_equal(run_folded(calls), run_folded(out));
  EXPECT_EQ(sim::least_step(sim::fold(calls.workload).workload), sim::least_step(sim::fold(out.workload).workload));
}

// Where only launches stand beside main streams, ranks leap (sim/leaps).
TEST_P(EveryLayout, LeapsRunTheSame) {
  const Compiled calls = compiled(scenario(), Form::with_calls);
  sim::RunOptions engine;
  engine.leap = false;
  sim::kit::expect_equal(sim::run(calls.workload), sim::run(calls.workload, engine));
}

// Every picosecond of a rank's step is in one place.
TEST_P(EveryLayout, PartsOfTheTimeAddUp) {
  const sim::RunResult result = run_every_rank(compiled(scenario()));
  for (const sim::RankSummary& rank : result.ranks.distinct()) {
    Duration sum = rank.time.bubble;
    for (const auto* part : {&rank.time.busy, &rank.time.exposed, &rank.time.late})
      for (Duration d : *part) sum += d;
    EXPECT_EQ(sum, rank.step_end - rank.previous_step_end);
  }
}

TEST_P(EveryLayout, CausesOfMemoryAddUpToThePeak) {
  const sim::RunResult result = run_every_rank(compiled(scenario()));
  for (const sim::RankSummary& rank : result.ranks.distinct()) {
    Bytes sum;
    for (Bytes b : rank.memory.by_cause) sum += b;
    EXPECT_EQ(sum, rank.memory.peak);
    EXPECT_GT(rank.memory.peak.n, 0);
  }
}

// Warm-up is over after one step: the second takes as long as the third. A stream
// without an end fills the pipeline in the meantime (stream_test.cpp).
TEST_P(EveryLayout, TheSecondStepIsSteady) {
  if (!flushes(compiled(scenario()).schedule)) GTEST_SKIP() << "no step of a stream is by itself";
  std::vector<Override> three = GetParam().overrides;
  three.push_back({"simulation.steps", "3"});
  const sim::RunResult result = run_every_rank(compiled(read(small_scenario(), three)));
  ASSERT_EQ(result.step_ends.size(), 3u);
  EXPECT_EQ(result.step_ends[1] - result.step_ends[0], result.step_ends[2] - result.step_ends[1]);
}

// A step is never shorter than the kernels of its busiest stream.
TEST_P(EveryLayout, TheStepIsNoShorterThanItsBusiestStream) {
  const Compiled c = compiled(scenario());
  const sim::RunResult result = run_every_rank(c);
  for (const sim::Program& program : c.workload.programs)
    for (const sim::Stream& stream : program.streams) {
      Duration busy;
      for (const sim::Op& op : stream.ops)
        if (op.kind == sim::OpKind::kernel) busy += Duration::ps(op.payload);
      EXPECT_GE(result.step_time(), busy) << program.name << ' ' << stream.name;
    }
}

// The clockwork has no scale of its own: everything twice as fast takes half as long.
class Twice : public sim::TransferPlanner {
 public:
  explicit Twice(std::shared_ptr<const sim::TransferPlanner> inner) : inner_(std::move(inner)) {}
  const sim::TransferPlan& plan(const sim::TransferRequest& request) const override {
    plans_.push_back(std::make_unique<sim::TransferPlan>(inner_->plan(request)));
    for (sim::Phase& phase : plans_.back()->phases) {
      phase.latency = Duration::ps(phase.latency.count_ps() / 2);
      phase.max_rate.n *= 2;
    }
    return *plans_.back();
  }
  std::string algorithm_name(std::uint32_t a) const override { return inner_->algorithm_name(a); }

 private:
  std::shared_ptr<const sim::TransferPlanner> inner_;
  mutable std::vector<std::unique_ptr<sim::TransferPlan>> plans_;
};

TEST_P(EveryLayout, EverythingTwiceAsFastTakesHalfAsLong) {
  Compiled c = compiled(scenario());
  const Duration once = run_every_rank(c).step_time();
  for (sim::Program& program : c.workload.programs)
    for (sim::Stream& stream : program.streams.edit())
      for (sim::Op& op : stream.ops)
        if (op.kind == sim::OpKind::kernel) op.payload /= 2;
  for (sim::Link& link : c.workload.links.edit()) link.capacity.n *= 2;
  c.workload.planner = std::make_shared<Twice>(c.workload.planner);
  const Duration twice = run_every_rank(c).step_time();
  // Rates and ends are rounded to whole bytes per second and picoseconds.
  EXPECT_NEAR(2 * twice.seconds(), once.seconds(), 1e-6 * once.seconds());
}

// One rank is a line, whatever was asked for.
TEST(TensorGrid, AtDegreeOneIsItsAbsence) {
  const sim::RunResult plain = run_every_rank(compiled(read(small_scenario())));
  for (const char* dimensions : {"2d", "2.5d", "3d"}) {
    const sim::RunResult asked =
        run_every_rank(compiled(read(small_scenario(), {{"layout.tp_dimensions", dimensions}})));
    EXPECT_EQ(asked.digest, plain.digest) << dimensions;
    EXPECT_EQ(asked.ranks[{0}].memory.peak, plain.ranks[{0}].memory.peak) << dimensions;
  }
}

INSTANTIATE_TEST_SUITE_P(Laws, EveryLayout, testing::ValuesIn(layouts()),
                         [](const auto& each) { return each.param.name; });

// Bytes that leave GPUs arrive at GPUs.
TEST(Network, SentIsReceived) {
  const Compiled c = compiled(read(small_scenario(), layout(2, 4, 2, "1f1b", 1, 1, true).overrides));
  const sim::RunResult result = run_every_rank(c);
  Bytes out, in;
  for (std::uint32_t l = 0; l < c.workload.links.size(); ++l) {
    const std::string name = c.fabric->link_name({l});
    if (name.find(" out") != std::string::npos) out += result.links[{l}].bytes;
    if (name.find(" in") != std::string::npos) in += result.links[{l}].bytes;
  }
  EXPECT_GT(out.n, 0);
  EXPECT_EQ(out, in);
}

}  // namespace
}  // namespace orrery::models

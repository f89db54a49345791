// What the simulator interprets, the runner hands to a device as it is: on one
// that takes as long as the simulator says, everything happens when it says.
#include "validate/runner/runner.h"

#include <gtest/gtest.h>

#include <map>

#include "sim/engine/engine.h"
#include "tests/models/compile/support.h"
#include "tests/sim/random_world.h"
#include "validate/compare/comparison.h"
#include "validate/stand_in/stand_in.h"

namespace orrery::validate {
namespace {

using sim::kit::Script;
using sim::kit::World;

std::vector<sim::Span> sorted(std::vector<sim::Span> spans) {
  std::sort(spans.begin(), spans.end(), [](const sim::Span& a, const sim::Span& b) {
    return std::tuple(a.rank, a.stream, a.step, a.op) < std::tuple(b.rank, b.stream, b.step, b.op);
  });
  return spans;
}

void expect_equal(std::vector<sim::Span> a, std::vector<sim::Span> b) {
  a = sorted(std::move(a));
  b = sorted(std::move(b));
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i)
    ASSERT_EQ(std::tuple(a[i].rank, a[i].stream, a[i].step, a[i].op, a[i].start, a[i].met, a[i].end),
              std::tuple(b[i].rank, b[i].stream, b[i].step, b[i].op, b[i].start, b[i].met, b[i].end))
        << "rank " << a[i].rank.value << " stream " << int{a[i].stream} << " step " << a[i].step << " op " << a[i].op;
}

std::vector<sim::Span> simulated(const sim::Workload& workload) {
  sim::Trace trace;
  sim::RunOptions options;
  options.trace = &trace;
  const sim::RunResult result = sim::run(workload, options);
  EXPECT_FALSE(result.stuck) << result.stuck->what;
  return trace.spans();
}

std::vector<sim::Span> executed(const sim::Workload& workload, StandIn& stand_in, std::uint32_t first_timed = 0) {
  sim::Trace trace;
  RunnerOptions options;
  options.trace = &trace;
  options.first_timed_step = first_timed;
  const Execution execution = execute(workload, stand_in, stand_in, options);
  for (const Error& fault : execution.faults) ADD_FAILURE() << fault.what;
  return trace.spans();
}

std::vector<sim::Span> executed(const sim::Workload& workload, std::unique_ptr<Durations> durations) {
  StandIn stand_in(std::move(durations));
  return executed(workload, stand_in);
}

// Shared links and claims are the simulator's business: given how long each thing
// took, the order and the times of everything follow from the program alone.
TEST(Runner, DoesWhatTheSimulatorDoesOnRandomPrograms) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(seed);
    const sim::Workload workload = sim::kit::RandomWorld(seed).workload();
    const std::vector<sim::Span> seen = simulated(workload);
    expect_equal(executed(workload, seen_durations(seen)), seen);
    if (HasFailure()) return;
  }
}

// A device that takes a while to tell the time, as a GPU does.
class Slowed final : public StandIn {
 public:
  using StandIn::StandIn;
  EventHandle record_timed(StreamHandle stream) override {
    kernel(stream, {nullptr, Duration()}, {{}, 0, kPlace, 0});
    return record(stream);
  }
  static constexpr std::uint32_t kPlace = UINT32_MAX;
};

// As the simulator saw them, and what Slowed adds.
class SeenAndTold final : public Durations {
 public:
  explicit SeenAndTold(const std::vector<sim::Span>& spans) : seen_(seen_durations(spans)) {}
  Duration kernel(const Work& work, const Place& place) override {
    return place.step == Slowed::kPlace ? Duration::us(1) : seen_->kernel(work, place);
  }
  Duration transfer(const Exchange& exchange) override { return seen_->transfer(exchange); }

 private:
  std::unique_ptr<Durations> seen_;
};

// Of what nobody awaits no event is recorded in such a step, and what is awaited is awaited all the same.
TEST(Runner, StepsWhoseOpsAreNotTimedTellTheirEnds) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(seed);
    sim::Workload workload = sim::kit::RandomWorld(seed).workload();
    workload.steps = 3;
    std::vector<sim::Span> seen = simulated(workload);
    StandIn stand_in(seen_durations(seen));
    const std::vector<sim::Span> told = executed(workload, stand_in, 2);
    std::erase_if(seen, [&](const sim::Span& span) {
      const auto& streams = workload.programs[workload.program_of[span.rank]].streams;
      return span.step < 2 && (span.stream != sim::kMainStream || span.op + 1 < streams[span.stream].ops.size());
    });
    expect_equal(told, seen);
    if (HasFailure()) return;
  }
}

// The step is told of as it is when nobody looks on, and the cost of looking beside it.
TEST(Runner, TimingOpsDoesNotChangeTheMeasuredStep) {
  const models::Compiled c = [] {
    models::Compiled compiled = models::compiled(models::read(models::small_scenario()));
    compiled.workload.steps = 5;
    return compiled;
  }();
  const std::vector<sim::Span> seen = simulated(c.workload);
  Slowed slowed(std::make_unique<SeenAndTold>(seen));
  const Comparison told = compare(c.workload, c.kernels, seen, executed(c.workload, slowed, 3));
  EXPECT_EQ(told.measured_steps, 2);
  ASSERT_TRUE(told.timing_cost);
  EXPECT_GT(*told.timing_cost, 0.001);
  EXPECT_NEAR(*told.step_s.error(), 0, 1e-4);  // two events a step are left

  Slowed always(std::make_unique<SeenAndTold>(seen));
  const Comparison whole = compare(c.workload, c.kernels, seen, executed(c.workload, always));
  EXPECT_EQ(whole.measured_steps, 4);
  EXPECT_FALSE(whole.timing_cost);
  EXPECT_LT(*whole.step_s.error(), -0.001);
}

// A device with few queues: it says of an event that it is over a while later, and is told
// of no message that waits for one which is not.
class Minding final : public StandIn {
 public:
  using StandIn::StandIn;
  StreamHandle add_stream(RankId rank, const std::string& name, StreamUse use) override {
    ++streams[use];
    return StandIn::add_stream(rank, name, use);
  }
  bool is_over(EventHandle event) override {
    ++asked;
    return looks_[event]++ > event % 5;
  }
  bool may_run_ahead_of(EventHandle event) override { return is_over(event); }

  int asked = 0;
  std::map<StreamUse, int> streams;

 private:
  std::map<EventHandle, unsigned> looks_;
};

TEST(Runner, HoldsMessagesBackFromADeviceThatMinds) {
  int asked = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    SCOPED_TRACE(seed);
    const sim::Workload workload = sim::kit::RandomWorld(seed).workload();
    const std::vector<sim::Span> seen = simulated(workload);
    sim::Trace trace;
    Minding device(seen_durations(seen));
    RunnerOptions options;
    options.trace = &trace;
    EXPECT_TRUE(execute(workload, device, device, options).ok());
    expect_equal(trace.spans(), seen);
    asked += device.asked;
    if (HasFailure()) return;
  }
  EXPECT_GT(asked, 1000);
}

TEST(Runner, TellsWhatStreamsAreUsedFor) {
  World world;
  const sim::PeerRole next = world.peers({1, 0}), before = world.peers({1, 0});
  for (int r = 0; r < 2; ++r) {
    Script p;
    p.add_stream("unused");
    p.kernel(p.main, Duration::us(1));
    p.send(p.side, next, 100, true);
    p.receive(p.side, before, 100);
    world.ranks(1, p.done());
  }
  Minding device(planned_durations(world.workload));
  EXPECT_TRUE(execute(world.workload, device, device, {}).ok());
  EXPECT_EQ(device.streams[StreamUse::messages], 2);
  EXPECT_EQ(device.streams[StreamUse::nothing], 2);
  EXPECT_EQ(device.streams[StreamUse::beside], 2) << "kernels without a shape are delays";
}

// Without claims and with free links it needs no telling.
TEST(Runner, PlannedTimesAreThoseOfAFreeNetwork) {
  int free = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(seed);
    sim::Workload workload = sim::kit::RandomWorld(seed).workload();
    if (workload.claims.size() > 1) continue;
    workload.links = IdVector<LinkId, sim::Link>(workload.links.size(), {BytesPerSecond{1'000'000'000'000}, 0});
    ++free;
    expect_equal(executed(workload, planned_durations(workload)), simulated(workload));
    if (HasFailure()) return;
  }
  EXPECT_GE(free, 100);
}

// Four ranks in a ring, each sending on and receiving at once, over several steps.
TEST(Runner, GroupsAndThePreviousStepAreKept) {
  World world;
  world.workload.steps = 4;
  const sim::PeerRole next = world.peers({1, 2, 3, 0}), before = world.peers({3, 0, 1, 2});
  for (int r = 0; r < 4; ++r) {
    Script p;
    p.wait(p.main, {Script::side, 4, true});
    const sim::OpRef fed = p.kernel(p.main, Duration::us(10 + 3 * r));
    p.kernel(p.side, Duration::us(2));
    p.wait(p.side, fed);
    p.send(p.side, next, 5000, true);
    p.wait(p.side, p.kernel(p.main, Duration::us(5)));
    p.receive(p.side, before, 5000);
    p.kernel(p.side, Duration::us(1));
    p.kernel(p.side, Duration::us(1));
    world.ranks(1, p.done());
  }
  expect_equal(executed(world.workload, planned_durations(world.workload)), simulated(world.workload));
}

class Compiled : public ::testing::TestWithParam<const char*> {};

TEST_P(Compiled, ScenariosRunAsTheyAre) {
  std::string text = models::small_scenario();
  text.replace(text.find("layout: {tp: 1, pp: 1}"), 22, GetParam());
  const models::Scenario analytic = models::read(text, {{"simulation.network", "analytic"}});
  models::Compiled c = models::compiled(analytic);
  for (sim::Claim& claim : c.workload.claims) claim.slowdown_permille = {};
  c.workload.steps = 3;
  expect_equal(executed(c.workload, planned_durations(c.workload)), simulated(c.workload));

  const models::Compiled flow = models::compiled(models::read(text));
  const std::vector<sim::Span> seen = simulated(flow.workload);
  expect_equal(executed(flow.workload, seen_durations(seen)), seen);
}

INSTANTIATE_TEST_SUITE_P(
    Layouts, Compiled,
    ::testing::Values("layout: {tp: 8}", "layout: {tp: 2, dp: 4, zero: 1}", "layout: {tp: 2, pp: 4}",
                      "layout: {pp: 8}\npipeline: {schedule: gpipe}", "layout: {pp: 4}\npipeline: {schedule: 1f1b}",
                      "layout: {pp: 4, tp: 2}\npipeline: {schedule: interleaved-1f1b, virtual_stages: 2}",
                      "layout: {pp: 4}\noverlap: {pipeline: false}", "layout: {pp: 2, tp: 2, dp: 2, zero: 1}"));

// Kernels at full speed, as a GPU runs them, and behind each what a straggler takes longer.
class FullSpeed final : public Durations {
 public:
  FullSpeed(const sim::Workload& slow, const sim::Workload& even, bool holds)
      : even_(even), transfers_(planned_durations(slow)), holds_(holds) {}
  Duration kernel(const Work& work, const Place& place) override {
    const sim::Program& program = even_.programs[even_.program_of[place.rank]];
    const Duration alone = Duration::ps(program.streams[place.stream].ops[place.op].payload);
    return holds_ ? alone + work.lag() : alone;
  }
  Duration transfer(const Exchange& exchange) override { return transfers_->transfer(exchange); }

 private:
  const sim::Workload& even_;
  std::unique_ptr<Durations> transfers_;
  bool holds_;
};

Time end_of(const std::vector<sim::Span>& spans) {
  Time end;
  for (const sim::Span& span : spans) end = std::max(end, span.end);
  return end;
}

// A device that makes all kernels alike has the straggler that is predicted: it is told how long to hold the stream.
TEST(Runner, StragglersAreHeldBehindTheirKernels) {
  const auto compile = [](const char* stragglers) {
    models::Compiled c = models::compiled(
        models::read(models::small_scenario(),
                     {{"layout.pp", "4"}, {"simulation.network", "analytic"}, {"simulation.stragglers", stragglers}}));
    for (sim::Claim& claim : c.workload.claims) claim.slowdown_permille = {};
    return c;
  };
  const models::Compiled slow = compile("[{rank: 3, slowdown: 1.5}]"), even = compile("[]");
  const auto run = [&](bool holds) {
    StandIn device(std::make_unique<FullSpeed>(slow.workload, even.workload, holds));
    sim::Trace trace;
    RunnerOptions options;
    options.kernels = slow.kernels;
    options.slowdowns = slow.slowdown_of_program;
    options.trace = &trace;
    EXPECT_TRUE(execute(slow.workload, device, device, options).ok());
    return end_of(trace.spans()) - Time();
  };
  const double predicted = (end_of(simulated(slow.workload)) - Time()).seconds();
  EXPECT_GT(predicted, 1.1 * (end_of(simulated(even.workload)) - Time()).seconds());
  EXPECT_NEAR(run(true).seconds(), predicted, 1e-6 * predicted);
  EXPECT_LT(run(false).seconds(), predicted / 1.1);
}

TEST(Runner, OnlyKernelsOfStragglersLag) {
  const models::Kernel kernel{models::MemoryBoundShape{"copy", Bytes{1}}};
  EXPECT_EQ((Work{&kernel, Duration::us(30), 1.5}).lag(), Duration::us(10));
  EXPECT_EQ((Work{&kernel, Duration::us(30)}).lag(), Duration());
  EXPECT_EQ((Work{&kernel, Duration::us(30), 0.5}).lag(), Duration());
  EXPECT_EQ((Work{nullptr, Duration::us(30), 1.5}).lag(), Duration()) << "what it takes is planned already";
}

TEST(Runner, MemoryThatIsNotThereNamesTheAllocation) {
  World world;
  Script p;
  p.resident(p.tensor(100, 0));
  p.allocate(p.main, p.tensor(1000));
  world.ranks(1, p.done());
  StandIn small(planned_durations(world.workload));
  small.limit_memory(Bytes{1000});
  const Execution execution = execute(world.workload, small, small);
  ASSERT_EQ(execution.faults.size(), 1u);
  EXPECT_EQ(execution.faults[0].what, "rank 0: no memory for 1000 bytes of 't' (activations) in step 0");
}

TEST(Runner, AProgramThatCannotBeIssuedSaysWhere) {
  World world;
  const sim::PeerRole next = world.peers({1, -1}), before = world.peers({-1, 0});
  Script sender, receiver;
  sender.kernel(sender.main, Duration::us(1));
  receiver.receive(receiver.main, before, 10);
  (void)next;
  world.ranks(1, sender.done());
  world.ranks(1, receiver.done());
  StandIn device(planned_durations(world.workload));
  const Execution execution = execute(world.workload, device, device);
  ASSERT_EQ(execution.faults.size(), 1u);
  EXPECT_NE(execution.faults[0].what.find("rank 1"), std::string::npos);
  EXPECT_NE(execution.faults[0].what.find("its peers do not come"), std::string::npos);
}

// One process of several: transfers are posted for its own rank, as NCCL is told.
TEST(Runner, AProcessPostsForItsOwnRanksOnly) {
  World world;
  const sim::GroupRole all = world.group({0, 1});
  Script p;
  p.all_reduce(p.main, all, 1000);
  world.ranks(2, p.done());
  sim::Trace trace;
  StandIn device(planned_durations(world.workload));
  RunnerOptions options;
  options.local = {RankId{1}};
  options.trace = &trace;
  EXPECT_TRUE(execute(world.workload, device, device, options).ok());
  ASSERT_EQ(trace.spans().size(), 2u);
  EXPECT_EQ(trace.spans()[0].rank, RankId{1});
  EXPECT_EQ(trace.spans()[0].end - trace.spans()[0].start, took(*world.planner, 1000));
}

}  // namespace
}  // namespace orrery::validate

// What a run reserves is what the replay predicts: the runner asks each rank's allocator
// for the same, in the same order.
#include "validate/memory/rank_memory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "models/compile/rank_starts.h"
#include "models/memory/allocation_replay.h"
#include "tests/models/compile/support.h"
#include "validate/runner/runner.h"
#include "validate/stand_in/stand_in.h"

namespace orrery::validate {
namespace {

constexpr std::int64_t kMiB = std::int64_t{1} << 20;

// A driver's memory, of which ranks take segments.
struct Driver {
  explicit Driver(Bytes most = {INT64_MAX}) : capacity(most) {}
  Bytes capacity, held, peak;
  std::set<std::pair<RankId, std::int64_t>> addresses;
  int given_back = 0;
};

class Segments final : public models::SegmentSource {
 public:
  Segments(Driver& driver, RankId rank) : driver_(driver), rank_(rank) {}
  bool take(std::int64_t address, Bytes size) override {
    if (driver_.capacity - driver_.held < size) return false;
    EXPECT_TRUE(driver_.addresses.emplace(rank_, address).second) << "taken twice";
    sizes_[address] = size;
    driver_.held += size;
    driver_.peak = std::max(driver_.peak, driver_.held);
    return true;
  }
  void give_back(std::int64_t address) override {
    EXPECT_EQ(driver_.addresses.erase({rank_, address}), 1u);
    driver_.held -= sizes_.at(address);
    ++driver_.given_back;
  }

 private:
  Driver& driver_;
  RankId rank_;
  std::map<std::int64_t, Bytes> sizes_;
};

RankMemory memory_on(Driver& driver, RankMemory::Options options = {}) {
  return {std::move(options), [&driver](RankId rank) { return std::make_unique<Segments>(driver, rank); }};
}

// A stand-in whose buffers are those of real ranks.
class Allocating final : public StandIn {
 public:
  Allocating(const sim::Workload& workload, RankMemory buffers)
      : StandIn(planned_durations(workload)), memory(std::move(buffers)) {}
  StreamHandle add_stream(RankId rank, const std::string& name, StreamUse use) override {
    ranks_.push_back(rank);
    return StandIn::add_stream(rank, name, use);
  }
  std::optional<BufferHandle> allocate(StreamHandle stream, std::span<const Bytes> tensors) override {
    return memory.allocate(ranks_[stream], tensors);
  }
  void free(StreamHandle, BufferHandle buffer) override { memory.free(buffer); }

  RankMemory memory;

 private:
  std::vector<RankId> ranks_;
};

struct Ran {
  Execution execution;
  std::vector<RankMemoryUse> use;  // by rank
  Driver driver;
};

Ran run(const models::Scenario& scenario, const models::Compiled& compiled, Bytes capacity = {INT64_MAX}) {
  Ran ran;
  ran.driver.capacity = capacity;
  const IdVector<RankId, models::RankStart> starts = models::rank_starts(scenario, compiled);
  RankMemory::Options allocators;
  for (RankId rank{0}; rank.value < starts.size(); ++rank.value) allocators[rank] = starts[rank].allocator;
  Allocating device(compiled.workload, memory_on(ran.driver, allocators));
  RunnerOptions options;
  options.kernels = compiled.kernels;
  options.tensors = compiled.tensors;
  options.starts = &starts;
  ran.execution = execute(compiled.workload, device, device, options);
  ran.use = device.memory.use();
  EXPECT_EQ(device.memory.reserved(), ran.driver.held);
  return ran;
}

// Of each program, by the most that one of its ranks held.
std::map<ProgramId, Bytes> most_reserved(const models::Compiled& compiled, const std::vector<RankMemoryUse>& use) {
  std::map<ProgramId, Bytes> most;
  for (const RankMemoryUse& rank : use) {
    Bytes& reserved = most[compiled.workload.program_of[rank.rank]];
    reserved = std::max(reserved, rank.reserved_peak);
  }
  return most;
}

void expect_as_predicted(const models::Scenario& scenario, const models::Compiled& compiled) {
  const Ran ran = run(scenario, compiled);
  for (const Error& fault : ran.execution.faults) ADD_FAILURE() << fault.what;
  for (const auto& [program, reserved] : most_reserved(compiled, ran.use)) {
    models::ReservedPeaks predicted(compiled.tensors,
                                    models::allocator_options(scenario, compiled.node_of_program[program.value]));
    EXPECT_EQ(reserved,
              predicted.of(compiled.workload.programs[program], scenario, compiled.held_by_program[program.value]))
        << compiled.workload.programs[program].name;
  }
}

class Reserved : public ::testing::TestWithParam<const char*> {};

TEST_P(Reserved, IsWhatIsPredicted) {
  std::string text = models::small_scenario();
  text.replace(text.find("layout: {tp: 1, pp: 1}"), 22, GetParam());
  for (const int steps : {3, 6}) {
    SCOPED_TRACE(steps);
    const models::Scenario scenario = models::read(text, {{"simulation.steps", std::to_string(steps)}});
    expect_as_predicted(scenario, models::compiled(scenario));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Layouts, Reserved,
    ::testing::Values("layout: {tp: 1}", "layout: {tp: 8}", "layout: {dp: 8}",
                      "layout: {dp: 8, zero: 1}\noverlap: {gradients: false}", "layout: {tp: 2, dp: 4, zero: 1}",
                      "layout: {tp: 2, dp: 4, zero: 2}", "layout: {dp: 8, zero: 3}",
                      "layout: {dp: 8, fsdp: full_shard}", "layout: {tp: 2, pp: 4}",
                      "layout: {pp: 8}\npipeline: {schedule: gpipe}", "layout: {pp: 4}\npipeline: {schedule: 1f1b}",
                      "layout: {pp: 4, tp: 2}\npipeline: {schedule: interleaved-1f1b, virtual_stages: 2}",
                      "layout: {pp: 4}\npipeline: {schedule: zb-h1}", "layout: {pp: 4}\npipeline: {schedule: zb-v}",
                      "layout: {pp: 4}\npipeline: {schedule: dualpipe}",
                      "layout: {pp: 4}\npipeline: {schedule: chimera}",
                      "layout: {pp: 2, tp: 2, dp: 2, zero: 1}\noverlap: {pipeline: true}"));

// Other stacks: states from the beginning, tensor by tensor, pages in place of segments.
TEST(Reserved, IsWhatIsPredictedOfOtherStacks) {
  for (const char* stack : {"software: deepspeed-2024", "software: torchtitan-2025",
                            "software: {preset: megatron-core-2025, expandable_segments: true}"}) {
    SCOPED_TRACE(stack);
    std::string text = models::small_scenario();
    text.replace(text.find("software: megatron-core-2025"), 28, stack);
    text.replace(text.find("layout: {tp: 1, pp: 1}"), 22, "layout: {dp: 8, zero: 1}\noverlap: {gradients: false}");
    const models::Scenario scenario = models::read(text, {{"simulation.steps", "3"}});
    expect_as_predicted(scenario, models::compiled(scenario));
  }
}

// Two stages of this one take a segment more in the third step.
TEST(Reserved, IsWhatIsPredictedOfAPipelineThatSettlesLate) {
  const std::string text = R"(
model: {layers: 16, hidden: 1024, heads: 8, vocab: 8192, activation: swiglu, norm: rmsnorm, positions: rope, ffn: 2816, tied_embeddings: false}
cluster: {preset: dgx-h100, nodes: 1}
training: {sequence_length: 2048, global_batch: 24, micro_batch: 1}
layout: {pp: 8}
pipeline: {schedule: zb-h1}
overlap: {pipeline: true}
)";
  for (const int steps : {3, 8}) {
    const models::Scenario scenario = models::read(text, {{"simulation.steps", std::to_string(steps)}});
    expect_as_predicted(scenario, models::compiled(scenario));
  }
}

// Shards of whole buffers cut through weights, so ranks of one program ask for other tensors: all that the prediction
// looks at are run.
TEST(Reserved, RanksOfOneProgramStartAsThePredictionSays) {
  std::string text = models::small_scenario();
  text.replace(text.find("layout: {tp: 1, pp: 1}"), 22, "layout: {dp: 8, zero: 1}\noverlap: {gradients: false}");
  const models::Scenario scenario = models::read(text);
  const models::Compiled compiled = models::compiled(scenario);
  const std::vector<models::StartUp> predicted = models::start_ups(scenario, compiled.held_by_program[0]);
  ASSERT_EQ(predicted.size(), 4u);
  std::vector<std::size_t> started;
  for (const models::RankStart& start : models::rank_starts(scenario, compiled)) {
    ASSERT_TRUE(start.states);
    started.push_back(
        static_cast<std::size_t>(std::find(predicted.begin(), predicted.end(), *start.states) - predicted.begin()));
  }
  EXPECT_EQ(started, (std::vector<std::size_t>{0, 0, 1, 1, 2, 2, 3, 3}));
}

TEST(Reserved, ADriverWithoutMemoryEndsTheRun) {
  const models::Scenario scenario = models::read(models::small_scenario(), {{"layout.tp", "8"}});
  const models::Compiled compiled = models::compiled(scenario);
  const Bytes all = run(scenario, compiled).driver.peak;

  const Ran states = run(scenario, compiled, Bytes{all.n / 8});
  ASSERT_EQ(states.execution.faults.size(), 1u);
  EXPECT_NE(states.execution.faults[0].what.find("bytes of training states in step 0"), std::string::npos)
      << states.execution.faults[0].what;
  const Ran last = run(scenario, compiled, all - Bytes{1});
  ASSERT_EQ(last.execution.faults.size(), 1u);
  EXPECT_NE(last.execution.faults[0].what.find(": no memory for "), std::string::npos);
  EXPECT_LT(last.driver.peak, all);
}

TEST(RankMemory, WhatHasNoRoomForAllItsTensorsLeavesNone) {
  Driver driver({100 * kMiB});
  RankMemory memory = memory_on(driver);
  const RankId rank{3};
  const std::vector<Bytes> three(3, Bytes{40 * kMiB});
  EXPECT_FALSE(memory.allocate(rank, three));
  EXPECT_EQ(memory.reserved(), Bytes{80 * kMiB});
  EXPECT_TRUE(memory.allocate(rank, std::span(three).first(2)));
  EXPECT_EQ(driver.peak, Bytes{80 * kMiB}) << "the segments are still there";
}

// Free segments of a rank go back before it is told that there is no memory.
TEST(RankMemory, GivesFreeSegmentsBackForLargerOnes) {
  Driver driver({100 * kMiB});
  RankMemory memory = memory_on(driver);
  const Bytes small{60 * kMiB}, large{90 * kMiB};
  const auto buffer = memory.allocate(RankId{0}, {&small, 1});
  ASSERT_TRUE(buffer);
  EXPECT_FALSE(memory.allocate(RankId{0}, {&large, 1}));
  EXPECT_EQ(driver.given_back, 0);
  memory.free(*buffer);
  EXPECT_FALSE(memory.allocate(RankId{1}, {&large, 1})) << "another rank's stay with it";
  EXPECT_TRUE(memory.allocate(RankId{0}, {&large, 1}));
  EXPECT_EQ(driver.given_back, 1);
  EXPECT_EQ(memory.use()[0].reserved_peak, large);
}

TEST(RankMemory, StaysBelowTheLimitOfItsRank) {
  Driver driver;
  RankMemory memory = memory_on(driver, {{RankId{0}, {false, {100 * kMiB}}}});
  const Bytes first{60 * kMiB}, second{70 * kMiB};
  for (const RankId rank : {RankId{0}, RankId{1}}) {
    memory.free(*memory.allocate(rank, {&first, 1}));
    memory.allocate(rank, {&second, 1});
  }
  EXPECT_EQ(memory.use()[0].reserved_peak, second);
  EXPECT_EQ(memory.use()[1].reserved_peak, first + second);
}

TEST(RankMemory, WithoutSourcesNothingIsReserved) {
  RankMemory memory({}, {});
  const std::vector<Bytes> tensors{{5}, {7}};
  memory.free(*memory.allocate(RankId{0}, tensors));
  EXPECT_EQ(memory.use()[0].reserved_peak, Bytes{});
}

}  // namespace
}  // namespace orrery::validate

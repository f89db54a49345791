#include <gtest/gtest.h>

#include "tests/report/support.h"

namespace orrery::report {
namespace {

using models::MemoryCause;
using testing::rank_with_step;

constexpr std::int64_t kGiB = 1 << 30;

// Two stages of two ranks on 10 GiB GPUs; the second rank of each holds more.
struct TwoStages {
  models::Scenario scenario;
  models::Compiled compiled;
  sim::RunResult run;

  TwoStages() {
    scenario.layout.pp = 2;
    scenario.layout.dp = 2;
    scenario.cluster.gpu.memory = {10 * kGiB};
    scenario.software.runtime = {kGiB};
    compiled.stage_of_program = {0, 1};
    compiled.node_of_program = {0, 0};
    compiled.held_by_program.resize(2);
    for (const int gigabytes : {3, 5}) compiled.workload.programs.add(program_holding(gigabytes * kGiB));
    for (const std::uint32_t program : {0u, 0u, 1u, 1u}) compiled.workload.program_of.add(ProgramId{program});
    for (const int gigabytes : {2, 3, 4, 5}) run.ranks.add(rank_holding(gigabytes * kGiB));
  }

  // Half as much again goes through the allocator for a moment.
  static sim::Program program_holding(std::int64_t bytes) {
    sim::ProgramBuilder builder("stage");
    const sim::StreamIndex main = builder.add_stream("compute");
    builder.resident(builder.buffer({bytes}, 0, builder.label("parameters")));
    const std::uint32_t workspace = builder.buffer({bytes / 2}, 0, builder.label("workspace"));
    builder.allocate(main, workspace);
    builder.free(main, workspace);
    return std::move(builder).finish();
  }

  static sim::RankSummary rank_holding(std::int64_t bytes) {
    sim::RankSummary rank = rank_with_step(Duration(), Duration::ps(1));
    rank.memory.peak = {bytes};
    rank.memory.by_cause[static_cast<std::size_t>(MemoryCause::parameters)] = {bytes / 4};
    rank.memory.by_cause[static_cast<std::size_t>(MemoryCause::activations)] = {bytes - bytes / 4};
    return rank;
  }

  Memory memory() const { return memory_of({scenario, compiled, run, 4, 0}); }
};

TEST(Memory, AStageIsItsLargestRank) {
  const Memory memory = TwoStages().memory();
  ASSERT_EQ(memory.stages.size(), 2u);
  EXPECT_EQ(memory.stages[0].peak, Bytes{3 * kGiB});
  EXPECT_EQ(memory.stages[0].rank, RankId{1});
  EXPECT_EQ(memory.stages[1].peak, Bytes{5 * kGiB});
  EXPECT_EQ(memory.peak, Bytes{5 * kGiB});
}

TEST(Memory, TheFiveCausesAddUpToThePeak) {
  for (const StageMemory& s : TwoStages().memory().stages)
    EXPECT_EQ(s.parameters + s.gradients + s.optimizer + s.activations + s.buffers, s.peak);
}

TEST(Memory, ItFitsWhenReservedAndRuntimeDo) {
  TwoStages two;  // 5 GiB x 1.5 + 1 GiB = 8.5 GiB of 10
  EXPECT_TRUE(two.memory().fits);
  EXPECT_EQ(two.memory().reserved, Bytes{15 * kGiB / 2});
  two.scenario.software.runtime = {5 * kGiB / 2};  // exactly full
  EXPECT_TRUE(two.memory().fits);
  two.scenario.software.runtime += {1};
  EXPECT_FALSE(two.memory().fits);
}

// Stage i of a 1F1B pipeline of p keeps at most p - i micro-batches; GPipe keeps all.
TEST(InFlight, FollowsTheOrderOfActions) {
  using Type = models::Action::Type;
  models::Schedule schedule;
  schedule.order.edit() = {{{Type::forward, 0, 0},
                            {Type::forward, 0, 1},
                            {Type::backward, 0, 0},
                            {Type::forward, 0, 2},
                            {Type::backward, 0, 1},
                            {Type::backward, 0, 2}},
                           {{Type::forward, 1, 0},
                            {Type::backward, 1, 0},
                            {Type::forward, 1, 1},
                            {Type::input_gradient, 1, 1},
                            {Type::forward, 1, 2},
                            {Type::input_gradient, 1, 2},
                            {Type::weight_gradient, 1, 1}}};
  EXPECT_EQ(in_flight_by_stage(schedule), (std::vector<int>{2, 1}));
}

}  // namespace
}  // namespace orrery::report

// What stacks hold and say among replicas beside the bare sums, and what they lose before collectives.

#include <string>

#include "models/architecture/parameters.h"
#include "tests/models/compile/support.h"

namespace orrery::models {
namespace {

using Habit = std::pair<const char*, const char*>;

Scenario with_stack_habits(const std::string& layout, const std::vector<Habit>& habits) {
  std::string software = "{preset: megatron-core-2025";
  for (const auto& [key, value] : habits) software += std::string(", ") + key + ": " + value;
  return read(small_scenario(), {{"layout", layout}, {"software", software + "}"}});
}

Bytes gradients(const Scenario& scenario) {
  return resident(first_program(compiled(scenario)), MemoryCause::gradients);
}

// 16-bit buckets of all parameters, where DistributedDataParallel sums them: not alone, not with a split optimizer.
TEST(GradientBuckets, CopiesAreOneMore16BitGradient) {
  const auto more = [](const char* layout) {
    return (gradients(with_stack_habits(layout, {{"gradient_bucket_copies", "true"}})) -
            gradients(with_stack_habits(layout, {})))
        .n;
  };
  const std::int64_t parameters = count_parameters(with_stack_habits("{tp: 1}", {}).model).total;
  EXPECT_EQ(more("{tp: 1, dp: 8}"), 2 * parameters);
  EXPECT_EQ(more("{tp: 8}"), 0);
  EXPECT_EQ(more("{tp: 1, dp: 8, zero: 1}"), 0);
}

struct StepSums {
  std::int64_t reduced = 0, all_reduced = 0, gathered = 0;
  bool overlaps = false;
};

StepSums step_sums(const Scenario& scenario) {
  StepSums sum;
  const Compiled programs = compiled(scenario);
  const sim::Program& program = first_program(programs);
  for (std::size_t stream = 0; stream < program.streams.size(); ++stream)
    for (const sim::Op& op : program.streams[stream].ops) {
      if (op.kind != sim::OpKind::collective) continue;
      const sim::Transfer& transfer = program.transfers[static_cast<std::size_t>(op.payload)];
      if (transfer.bytes.n <= 64) continue;  // scalars
      if (transfer.kind == sim::TransferKind::reduce_scatter) sum.reduced += transfer.bytes.n;
      if (transfer.kind == sim::TransferKind::all_reduce) sum.all_reduced += transfer.bytes.n;
      if (transfer.kind == sim::TransferKind::all_gather) sum.gathered += transfer.bytes.n;
      if (transfer.kind == sim::TransferKind::all_reduce && stream != sim::kMainStream) sum.overlaps = true;
    }
  return sum;
}

// As many bytes as the reduce-scatter's, each of which travels twice, and behind the backward.
TEST(GradientBuckets, SplitOnesMayBeAllReducedBehindTheBackward) {
  const std::string layout = "{tp: 1, dp: 8, zero: 1}";
  const StepSums usual = step_sums(with_stack_habits(layout, {}));
  const StepSums whole = step_sums(with_stack_habits(layout, {{"all_reduces_split_gradients", "true"}}));
  EXPECT_EQ(usual.all_reduced, 0);
  EXPECT_EQ(whole.reduced, 0);
  EXPECT_EQ(whole.all_reduced, usual.reduced);
  EXPECT_EQ(whole.gathered, usual.gathered);
  EXPECT_FALSE(whole.overlaps);
  // Without a split they overlap as ever.
  EXPECT_TRUE(step_sums(with_stack_habits("{tp: 1, dp: 8}", {{"all_reduces_split_gradients", "true"}})).overlaps);
}

Bytes made(const Scenario& scenario, std::string_view label) {
  const Compiled programs = compiled(scenario);
  const sim::Program& program = first_program(programs);
  Bytes sum;
  for (const sim::Buffer& buffer : program.buffers)
    if (program.labels[buffer.label] == label) sum += buffer.bytes;
  return sum;
}

TEST(GradientBuckets, GatherCopiesAreOfAllParameters) {
  const auto copies = [](const char* layout, const char* n) {
    Scenario scenario = with_stack_habits(layout, {{"gather_copies", n}});
    scenario.overlap.parameters = false;
    return made(scenario, "gathered parameters").n;
  };
  const std::int64_t parameters = count_parameters(with_stack_habits("{tp: 1}", {}).model).total;
  EXPECT_EQ(copies("{tp: 1, dp: 8, zero: 1}", "2"), 2 * 2 * parameters);
  EXPECT_EQ(copies("{tp: 1, dp: 8, zero: 1}", "0"), 0);
  EXPECT_EQ(copies("{tp: 1, dp: 8}", "2"), 0);
}

// They take the place of what would be gathered into new tensors.
TEST(GatherBuffers, StayAndAreAsLargeAsWhatIsGathered) {
  const auto buffers = [](const char* layout, const char* n) {
    return resident(first_program(compiled(with_stack_habits(layout, {{"gather_buffers", n}}))), MemoryCause::buffers)
        .n;
  };
  const std::int64_t whole = 2 * 1024 * 1024;  // 16 bits of 1,024 tokens, 1,024 wide
  EXPECT_EQ(buffers("{tp: 8}", "2") - buffers("{tp: 8}", "0"), 2 * whole);
  EXPECT_EQ(buffers("{tp: 1}", "2") - buffers("{tp: 1}", "0"), 0);
}

// Nothing else takes time: a forward and a backward of n layers, an embedding and a head then take as many delays
// as they have collectives, each as long as its group is large.
TEST(CollectiveDelay, IsPaidForEachRankOfTheGroup) {
  const auto delayed = [](int tp, const char* delay) {
    const std::string layout = "{tp: " + std::to_string(tp) + ", dp: 1, sequence_parallel: false}";
    std::vector<Override> overrides = {
        {"layout", layout},
        {"cluster", "{preset: dgx-h100, nodes: 1, gpus_per_node: " + std::to_string(tp) + "}"},
        {"training.global_batch", "1"},
        {"software", std::string("{preset: ideal, async_tp_dgrad: false, "
                                 "collective_delay: ") +
                         delay + "}"}};
    const sim::RunResult run = run_folded(compiled(read(small_scenario(), overrides)));
    return run.ranks[{0}].step_end - run.ranks[{0}].previous_step_end;
  };
  // Two all-reduces a layer forward and two backward, one behind the embedding, one before the output layer's gradient;
  // those of single numbers a token in the loss, two or three.
  const auto of = [&](int tp) { return (delayed(tp, "100us") - delayed(tp, "0us")).count_ps() / (tp * 100'000'000); };
  const std::int64_t collectives = of(2);
  EXPECT_GE(collectives, 8 * 4 + 2);
  EXPECT_LE(collectives, 8 * 4 + 6);
  EXPECT_EQ(of(4), collectives);
  EXPECT_EQ(of(8), collectives);
  EXPECT_EQ(delayed(1, "100us"), delayed(1, "0us"));
}

}  // namespace
}  // namespace orrery::models

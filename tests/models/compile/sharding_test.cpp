// How replicas share states: what they say to each other, and what each holds.

#include <algorithm>
#include <map>

#include "models/architecture/operators.h"
#include "models/architecture/parameters.h"
#include "models/compile/roles.h"
#include "tests/models/compile/support.h"

namespace orrery::models {
namespace {

// One micro-batch a replica on eight GPUs, 16-bit gradients in 16-bit sums.
std::vector<Override> eight_replicas(const std::vector<Override>& more = {}) {
  std::vector<Override> overrides = {{"training.global_batch", "8"}, {"software", "deepspeed-2024"}};
  overrides.insert(overrides.end(), more.begin(), more.end());
  return overrides;
}

struct Said {
  Bytes bytes;
  int times = 0;
};

// Collectives of a step in groups of a role, by kind.
std::map<sim::TransferKind, Said> said(const sim::Program& program, std::initializer_list<sim::GroupRole> roles) {
  std::map<sim::TransferKind, Said> sum;
  for (const sim::Stream& stream : program.streams)
    for (const sim::Op& op : stream.ops) {
      if (op.kind != sim::OpKind::collective) continue;
      const sim::Transfer& t = program.transfers[static_cast<std::size_t>(op.payload)];
      if (std::find(roles.begin(), roles.end(), t.role) == roles.end() || t.bytes.n <= 64) continue;  // scalars
      sum[t.kind].bytes += t.bytes;
      ++sum[t.kind].times;
    }
  return sum;
}

std::map<sim::TransferKind, Said> among_replicas(const Scenario& scenario) {
  return said(compiled(scenario).workload.programs[ProgramId{0}], {role::dp});
}

Bytes total(const std::map<sim::TransferKind, Said>& kinds) {
  Bytes sum;
  for (const auto& [kind, each] : kinds) sum += each.bytes;
  return sum;
}

// The most that buffers of this label take at a time.
Bytes most_at_once(const sim::Program& program, std::string_view label) {
  Bytes now, most;
  for (const sim::Op& op : program.streams[sim::kMainStream].ops) {
    const bool allocates = op.kind == sim::OpKind::allocate;
    if (!allocates && op.kind != sim::OpKind::free) continue;
    const sim::Buffer& buffer = program.buffers[static_cast<std::size_t>(op.payload)];
    if (program.labels[buffer.label] != label) continue;
    now += allocates ? buffer.bytes : Bytes{-buffer.bytes.n};
    most = std::max(most, now);
  }
  return most;
}

const std::vector<Override> kSchemes = {{"layout.zero", "1"},
                                        {"layout.zero", "2"},
                                        {"layout.zero", "3"},
                                        {"layout.fsdp", "full_shard"},
                                        {"layout.fsdp", "shard_grad_op"},
                                        {"layout.fsdp", "hybrid_shard"},
                                        {"layout.fsdp", "no_shard"}};

TEST(Sharding, AtDegreeOneIsItsAbsence) {
  const std::vector<Override> alone = {{"layout.tp", "8"}};
  const sim::RunResult plain = run_every_rank(compiled(read(small_scenario(), alone)));
  for (const Override& scheme : kSchemes) {
    std::vector<Override> overrides = alone;
    overrides.push_back(scheme);
    const sim::RunResult sharded = run_every_rank(compiled(read(small_scenario(), overrides)));
    EXPECT_EQ(sharded.digest, plain.digest) << scheme.path << ' ' << scheme.value;
    EXPECT_EQ(sharded.ranks[{0}].memory.peak, plain.ranks[{0}].memory.peak) << scheme.path << ' ' << scheme.value;
  }
}

// arXiv:1910.02054, section 7: stages 1 and 2 move 2 P, as plain data parallelism does
// (an all-reduce is a reduce-scatter and an all-gather); stage 3 moves 3 P: parameters
// twice, gradients once. What follows itself, the head's forward and backward, is gathered once.
TEST(Sharding, Zero3MovesHalfAsMuchAgainAsZero1) {
  const auto moved = [](const char* zero) {
    return total(among_replicas(read(small_scenario(), eight_replicas({{"layout.zero", zero}}))));
  };
  const Scenario scenario = read(small_scenario(), eight_replicas());
  const std::int64_t all = 2 * count_parameters(scenario.model).total;
  const std::int64_t head = 2 * piece_parameters(scenario, PieceKind::head, 0).dense();
  EXPECT_EQ(moved("0").n, all);
  EXPECT_EQ(moved("1").n, 2 * all);
  EXPECT_EQ(moved("2").n, 2 * all);
  EXPECT_EQ(moved("3").n, 3 * all - head);
}

TEST(Sharding, SplitGradientsAreReducedAfterEveryMicroBatch) {
  const auto reduced = [](const char* zero) {
    const Scenario s = read(small_scenario(), eight_replicas({{"layout.zero", zero}, {"training.global_batch", "32"}}));
    return among_replicas(s)[sim::TransferKind::reduce_scatter].bytes.n;
  };
  EXPECT_EQ(reduced("2"), 4 * reduced("1"));
  EXPECT_EQ(reduced("3"), 4 * reduced("1"));
}

// Eight layers and two ends. A unit is gathered for the forward and again for the
// backward, unless it is kept: until the backward, or under a pipeline for the step.
TEST(Fsdp, GathersAsOftenAsItReshards) {
  const auto gathers = [](const std::vector<Override>& more) {
    std::vector<Override> overrides = {{"software", "torchtitan-2025"}, {"training.global_batch", "32"}};
    overrides.insert(overrides.end(), more.begin(), more.end());
    return among_replicas(read(small_scenario(), overrides))[sim::TransferKind::all_gather].times;
  };
  constexpr int kMicroBatches = 4, kUnits = 10;
  EXPECT_EQ(gathers({{"layout.fsdp", "full_shard"}}), kMicroBatches * (2 * kUnits - 1) - (kMicroBatches - 1));
  EXPECT_EQ(gathers({{"layout.fsdp", "shard_grad_op"}}), kMicroBatches * kUnits - (kMicroBatches - 1));
  EXPECT_EQ(gathers({{"layout.fsdp", "full_shard"}, {"layout.reshard_after_forward", "false"}}),
            kMicroBatches * kUnits - (kMicroBatches - 1));
  // Two stages: the first has the embedding and four layers. 1F1B turns seven times from a forward to a
  // backward, at the last layer, and six times back, at the embedding.
  EXPECT_EQ(gathers({{"layout.fsdp", "full_shard"}, {"layout.pp", "2"}}), 1 + 4);
  EXPECT_EQ(gathers({{"layout.fsdp", "full_shard"}, {"layout.pp", "2"}, {"layout.reshard_after_forward", "true"}}),
            8 * 2 * (1 + 4) - 7 - 6);
}

TEST(Fsdp, HoldsTwoUnitsAtATimeUnlessItKeepsThem) {
  const auto gathered = [](const std::vector<Override>& more) {
    std::vector<Override> overrides = {{"software", "torchtitan-2025"}, {"layout.fsdp", "full_shard"}};
    overrides.insert(overrides.end(), more.begin(), more.end());
    return most_at_once(compiled(read(small_scenario(), overrides)).workload.programs[ProgramId{0}],
                        "gathered parameters");
  };
  const Scenario scenario = read(small_scenario());
  const std::int64_t layer = 2 * piece_parameters(scenario, PieceKind::layer, 0).dense();
  const std::int64_t all = 2 * count_parameters(scenario.model).total;
  EXPECT_EQ(gathered({}).n, 2 * layer);
  EXPECT_EQ(gathered({{"overlap.parameters", "false"}}).n, layer);
  EXPECT_EQ(gathered({{"layout.reshard_after_forward", "false"}}).n, all);
}

// Over the ranks of a shard group states add up to one copy of the model's:
// 16 bytes a parameter under FSDP, 18 under Megatron-LM.
TEST(Sharding, StatesOverRanksAddUpToTheWhole) {
  const auto resident = [](const Override& scheme, const Override& group) {
    const Compiled c = compiled(read(small_scenario(), {scheme, group, {"software", "torchtitan-2025"}}));
    Bytes sum;
    for (const ProgramId program : c.workload.program_of) {
      const sim::Program& p = c.workload.programs[program];
      for (const std::uint32_t buffer : p.resident)
        if (p.buffers[buffer].cause <= static_cast<std::uint8_t>(MemoryCause::optimizer))
          sum += p.buffers[buffer].bytes;
    }
    return static_cast<double>(sum.n);
  };
  const auto all = static_cast<double>(count_parameters(read(small_scenario()).model).total);
  const double rounding = 18 * 8 * 2;
  EXPECT_NEAR(resident({"layout.fsdp", "full_shard"}, {"layout.shard_group", "8"}), 16 * all, rounding);
  EXPECT_NEAR(resident({"layout.fsdp", "hybrid_shard"}, {"layout.shard_group", "2"}), 4 * 16 * all, rounding);
  EXPECT_NEAR(resident({"layout.zero", "3"}, {"layout.shard_group", "8"}), 18 * all, rounding);
  EXPECT_NEAR(resident({"layout.zero", "2"}, {"layout.shard_group", "8"}), (8 * 2 + 16) * all, rounding);
  EXPECT_NEAR(resident({"layout.zero", "1"}, {"layout.optimizer_instances", "2"}), (8 * 6 + 2 * 12) * all, rounding);
}

// HSDP: sums inside a shard group first, then of what is left over the copies.
TEST(Sharding, CopiesSumTheirShares) {
  const Scenario scenario = read(small_scenario(), eight_replicas({{"layout.zero", "3"}, {"layout.shard_group", "4"}}));
  const sim::Program program = compiled(scenario).workload.programs[ProgramId{0}];
  const Bytes inside = said(program, {role::shard})[sim::TransferKind::reduce_scatter].bytes;
  const Bytes across = said(program, {role::shard_copies})[sim::TransferKind::all_reduce].bytes;
  EXPECT_EQ(inside.n, 2 * count_parameters(scenario.model).total);
  EXPECT_EQ(across.n, inside.n / 4);
  EXPECT_EQ(total(said(program, {role::dp})).n, 0);
}

// TorchTitan's HSDP with experts: what a shard group holds between its ranks is one copy of all, dense or experts
// (efsdp = shard_group * tp / (etp * ep)); shares of experts are summed over copies, as the rest's are.
TEST(Sharding, ExpertsAreSplitInsideTheShardGroup) {
  const std::string mixture = "{experts: 8, top_k: 2, ffn: 1408}";
  for (const char* ep : {"1", "2", "4"}) {
    const Compiled c = compiled(read(small_scenario(), {{"model.moe", mixture},
                                                        {"layout.fsdp", "full_shard"},
                                                        {"layout.shard_group", "4"},
                                                        {"layout.ep", ep},
                                                        {"software", "torchtitan-2025"}}));
    const auto all =
        static_cast<double>(count_parameters(read(small_scenario(), {{"model.moe", mixture}}).model).total);
    double sum = 0;
    for (const ProgramId id : c.workload.program_of) {
      const sim::Program& p = c.workload.programs[id];
      for (const std::uint32_t buffer : p.resident)
        if (p.buffers[buffer].cause <= static_cast<std::uint8_t>(MemoryCause::optimizer))
          sum += static_cast<double>(p.buffers[buffer].bytes.n);
    }
    EXPECT_NEAR(sum, 2 * 16 * all, 16 * 8 * 4) << ep;
    const sim::Program& first = c.workload.programs[ProgramId{0}];
    const std::int64_t share = std::atoi(ep);  // of the four ranks' experts, what each has
    const Said inside = said(first, {role::edp_shard})[sim::TransferKind::reduce_scatter];
    EXPECT_EQ(inside.times > 0, share < 4);  // a group of one has nothing to split
    EXPECT_EQ(said(first, {role::edp_shard_copies})[sim::TransferKind::all_reduce].bytes.n,
              inside.bytes.n / (4 / share));
    EXPECT_EQ(run_folded(c).digest, run_every_rank(c).digest);
  }
}

// A shard group of everybody is none.
TEST(Sharding, AShardGroupOfAllIsNone) {
  const auto digest = [](const char* group) {
    return run_folded(compiled(read(small_scenario(), {{"model.moe", "{experts: 8, top_k: 2, ffn: 1408}"},
                                                       {"layout.ep", "2"},
                                                       {"layout.zero", "3"},
                                                       {"layout.shard_group", group}})))
        .digest;
  };
  EXPECT_EQ(digest("8"), run_folded(compiled(read(small_scenario(), {{"model.moe", "{experts: 8, top_k: 2, ffn: 1408}"},
                                                                     {"layout.ep", "2"},
                                                                     {"layout.zero", "3"}})))
                             .digest);
  EXPECT_NE(digest("4"), digest("8"));
}

TEST(Sharding, AShardGroupHoldsAllExperts) {
  EXPECT_FALSE(parse_scenario(small_scenario(), "test.yaml",
                              {{"model.moe", "{experts: 8, top_k: 2, ffn: 1408}"},
                               {"layout.ep", "8"},
                               {"layout.zero", "3"},
                               {"layout.shard_group", "4"}})
                   .ok());
}

// Megatron-LM's instances of the distributed optimizer are copies too.
TEST(Sharding, OptimizerInstancesAreShardGroups) {
  const auto digest = [](const Override& way) {
    return run_folded(compiled(read(small_scenario(), {{"layout.zero", "1"}, way}))).digest;
  };
  EXPECT_EQ(digest({"layout.optimizer_instances", "2"}), digest({"layout.shard_group", "4"}));
}

// nanotron's FP32GradientAccumulator: 16-bit gradients of all that a rank has, added when the last is there.
TEST(Sharding, WholeGradientsOfAMicroBatchStandBesideTheSums) {
  for (const char* layout : {"{tp: 1}", "{tp: 2, pp: 2}", "{pp: 4, zero: 1}"}) {
    const Scenario scenario = read(small_scenario(), {{"software", "nanotron-2025"}, {"layout", layout}});
    const Compiled programs = compiled(scenario);
    std::int64_t parameters = 0;  // of the first stage
    for (int layer = 0; layer < scenario.pipeline.stage_layers.front(); ++layer)
      parameters += piece_parameters(scenario, PieceKind::layer, layer).dense();
    parameters += piece_parameters(scenario, PieceKind::embedding, 0).dense();
    if (scenario.layout.pp == 1) parameters += piece_parameters(scenario, PieceKind::head, 0).dense();
    EXPECT_EQ(most_at_once(programs.workload.programs[ProgramId{0}], "gradients of a micro-batch").n, 2 * parameters)
        << layout;
    Scenario fused = scenario;
    fused.software.fused_wgrad_accumulation = true;
    EXPECT_EQ(most_at_once(compiled(fused).workload.programs[ProgramId{0}], "gradients of a micro-batch").n, 0);
  }
}

// DeepSpeed copies whole fp16 gradients into a bucket, which is no larger than it was asked for; sums in fp32 are
// reduced where they stand.
TEST(Sharding, ABucketThatIsFilledIsHeld) {
  const auto bucket = [](const char* precision, const char* size, const char* software) {
    const Scenario scenario = read(small_scenario(), {{"software", software},
                                                      {"layout", "{tp: 1, zero: 1}"},
                                                      {"training.precision", precision},
                                                      {"overlap.bucket_size", size}});
    const Compiled programs = compiled(scenario);
    const sim::Program& program = programs.workload.programs[ProgramId{0}];
    Bytes held;
    for (const std::uint32_t index : program.resident)
      if (program.labels[program.buffers[index].label] == "gradient buckets") held += program.buffers[index].bytes;
    return held.n;
  };
  EXPECT_EQ(bucket("fp16", "1M", "megatron-deepspeed-2022"), 2'000'000);
  EXPECT_EQ(bucket("fp16", "3M", "megatron-deepspeed-2022"), 6'000'000);
  EXPECT_EQ(bucket("bf16", "1M", "megatron-deepspeed-2022"), 0);
  EXPECT_EQ(bucket("fp16", "1M", "megatron-2021"), 0);
}

}  // namespace
}  // namespace orrery::models

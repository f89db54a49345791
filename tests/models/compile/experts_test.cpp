// Laws of layouts with experts.
#include "models/architecture/parameters.h"
#include "tests/models/compile/support.h"

namespace orrery::models {
namespace {

std::string mixture(const std::string& moe = "experts: 8, top_k: 2, ffn: 1408") {
  return R"(
model: {layers: 4, hidden: 1024, heads: 8, vocab: 4096, activation: swiglu, norm: rmsnorm, positions: rope, ffn: 2816, tied_embeddings: false,
        moe: {)" +
         moe + R"(}}
cluster: {preset: dgx-h100, nodes: 2}
training: {sequence_length: 1024, global_batch: 16, micro_batch: 1}
layout: {tp: 1, pp: 1}
software: megatron-core-2025
)";
}

std::vector<std::vector<Override>> grids() {
  return {
      {{"layout.ep", "8"}},
      {{"layout.ep", "8"}, {"layout.zero", "1"}},
      {{"layout.ep", "4"}, {"layout.pp", "2"}, {"layout.zero", "1"}},
      {{"layout.tp", "2"}, {"layout.ep", "4"}},
      {{"layout.tp", "4"}, {"layout.ep", "2"}, {"layout.etp", "2"}, {"layout.pp", "2"}, {"layout.zero", "1"}},
      {{"layout.tp", "2"}, {"layout.pp", "2"}, {"layout.etp", "2"}},
      {{"layout.ep", "8"}, {"layout.zero", "3"}},
      {{"layout.ep", "1"}, {"layout.fsdp", "full_shard"}},
      {{"layout.ep", "4"}, {"layout.fsdp", "full_shard"}, {"layout.pp", "2"}},
      {{"layout.tp", "2"}, {"layout.ep", "8"}, {"layout.fsdp", "shard_grad_op"}},
      {{"layout.ep", "2"}, {"layout.pp", "2"}, {"layout.order", "[tp, cp, pp, dp]"}, {"layout.zero", "1"}},
      {{"layout.ep", "8"}, {"model.moe.capacity_factor", "1.25"}, {"model.moe.every", "2"}},
  };
}

TEST(Experts, EveryGridPassesTheCheckAndFoldsExactly) {
  for (const auto& overrides : grids()) {
    const Compiled c = compiled(read(mixture(), overrides));
    for (const Error& e : sim::check(c.workload)) ADD_FAILURE() << to_string(e);
    const sim::RunResult full = run_every_rank(c), folded = run_folded(c);
    EXPECT_EQ(folded.digest, full.digest);
    EXPECT_EQ(folded.step_time(), full.step_time());
    for (std::uint32_t r = 0; r < full.ranks.size(); ++r)
      EXPECT_EQ(folded.ranks[{r}].memory.peak, full.ranks[{r}].memory.peak) << "rank " << r;
  }
}

// Balanced routing treats all ranks of a stage alike.
TEST(Experts, BalancedRoutingFoldsToAFewRanks) {
  const Compiled c = compiled(read(mixture(), {{"layout.ep", "8"}, {"layout.zero", "1"}}));
  EXPECT_EQ(sim::fold(c.workload).workload.ranks(), 1u);
}

TEST(Experts, DegreeOneIsAbsence) {
  const auto digest = [](const std::vector<Override>& overrides) {
    return run_folded(compiled(read(small_scenario(), overrides))).digest;
  };
  EXPECT_EQ(digest({{"layout.ep", "1"}, {"layout.etp", "1"}}), digest({}));
}

std::int64_t held(const Compiled& c, MemoryCause cause) {
  const sim::Program& program = c.workload.programs[ProgramId{0}];
  std::int64_t sum = 0;
  for (const std::uint32_t b : program.resident)
    if (program.buffers[b].cause == static_cast<std::uint8_t>(cause)) sum += program.buffers[b].bytes.n;
  return sum;
}

// However experts are spread, the optimizer's states are there once for every
// parameter of the model: 12 bytes each.
TEST(Experts, ShardedStatesOverRanksAddUp) {
  const Scenario whole = read(mixture());
  const std::int64_t parameters = count_parameters(whole.model).total;
  for (const char* ep : {"1", "2", "4", "8"}) {
    const Compiled c = compiled(read(mixture(), {{"layout.ep", ep}, {"layout.zero", "1"}}));
    EXPECT_NEAR(static_cast<double>(16 * held(c, MemoryCause::optimizer)) / static_cast<double>(12 * parameters), 1,
                1e-6)
        << "ep " << ep;
  }
}

// Experts are gathered among the ranks that hold the same ones, the rest among all; who has its experts to itself
// gathers the rest alone. All once forward and once backward, but the head, whose backward comes next.
TEST(Experts, UnitsGatherEachPartAmongItsOwn) {
  const std::int64_t h = 1024, experts = 16, expert = 3 * h * 1408;
  for (const std::int64_t ep : {1, 4, 16}) {
    const Compiled c = compiled(read(mixture("experts: 16, top_k: 2, ffn: 1408"),
                                     {{"layout.ep", std::to_string(ep)}, {"layout.fsdp", "full_shard"}}));
    const sim::Program& program = c.workload.programs[ProgramId{0}];
    std::map<sim::GroupRole, std::int64_t> gathered;
    for (const sim::Stream& stream : program.streams)
      for (const sim::Op& op : stream.ops)
        if (op.kind == sim::OpKind::collective && op.category == static_cast<std::uint8_t>(TimeCategory::dp) &&
            program.transfer_of(op).kind == sim::TransferKind::all_gather)
          gathered[program.transfer_of(op).role] += program.transfer_of(op).bytes.n;
    const std::int64_t layer = 4 * h * h + experts * h + 2 * h, layers = 2 * 4, ends = 4096 * h;
    EXPECT_EQ(gathered[role::edp], ep == 16 ? 0 : 2 * layers * experts / ep * expert) << "ep " << ep;
    EXPECT_EQ(gathered[role::dp], 2 * (layers * layer + 3 * ends + h)) << "ep " << ep;
  }
}

TEST(Experts, MoreRanksHoldFewerExperts) {
  const Scenario scenario = read(mixture());
  const std::int64_t expert = 3 * 1024 * 1408;
  const auto parameters = [&](const char* ep) {
    return held(compiled(read(mixture(), {{"layout.ep", ep}})), MemoryCause::parameters);
  };
  EXPECT_EQ(parameters("2") - parameters("8"), 2 * 4 * (4 - 1) * expert);
}

// Gradients of experts travel among the ranks that hold the same ones, the others among all.
TEST(Experts, GradientsTravelInTheirOwnGroups) {
  const Compiled c = compiled(read(mixture(), {{"layout.ep", "8"}, {"layout.zero", "1"}}));
  const auto members = [&](const std::string& role) {
    for (const sim::GroupRoleInfo& info : c.workload.group_roles)
      if (info.name == role) return c.workload.groups[info.group_of[{0}]].members;
    return std::vector<RankId>{};
  };
  EXPECT_EQ(members("dp").size(), 16u);
  EXPECT_EQ(members("edp"), (std::vector<RankId>{{0}, {8}}));
  EXPECT_EQ(members("ep").size(), 8u);
}

std::vector<Override> skewed(const std::string& skew) {
  return {{"layout.ep", "8"}, {"layout.zero", "1"}, {"model.moe.routing", "zipf"}, {"model.moe.skew", skew}};
}

// Uneven loads split the ranks of a stage by their place among the experts, and
// no further: replicas of a place stay one.
TEST(Experts, SkewedRoutingFoldsExactly) {
  const Compiled c = compiled(read(mixture(), skewed("0.8")));
  for (const Error& e : sim::check(c.workload)) ADD_FAILURE() << to_string(e);
  EXPECT_EQ(sim::fold(c.workload).workload.ranks(), 8u);
  const sim::RunResult full = run_every_rank(c), folded = run_folded(c);
  EXPECT_EQ(folded.digest, full.digest);
  for (std::uint32_t r = 0; r < full.ranks.size(); ++r)
    EXPECT_EQ(folded.ranks[{r}].memory.peak, full.ranks[{r}].memory.peak) << "rank " << r;
}

// The busiest rank sets the pace, and holds the most.
TEST(Experts, SkewCostsTimeAndMemory) {
  const auto run = [](const std::vector<Override>& overrides) {
    return run_folded(compiled(read(mixture(), overrides)));
  };
  const auto largest = [](const sim::RunResult& result) {
    Bytes most;
    for (const sim::RankSummary& rank : result.ranks.distinct()) most = std::max(most, rank.memory.peak);
    return most;
  };
  const sim::RunResult even = run(skewed("0")), uneven = run(skewed("0.5")), worse = run(skewed("1"));
  EXPECT_LT(even.step_time(), uneven.step_time());
  EXPECT_LT(uneven.step_time(), worse.step_time());
  EXPECT_LT(largest(even), largest(uneven));
}

// Over two nodes a token crosses once for each remote node at most, however many
// of its experts lie there.
TEST(Experts, DeduplicationSendsLessOverTheNetwork) {
  const auto network = [](const char* on) {
    const Compiled c = compiled(
        read(mixture("experts: 16, top_k: 8, ffn: 352"), {{"layout.ep", "16"}, {"model.moe.deduplicate", on}}));
    for (const Error& e : sim::check(c.workload)) ADD_FAILURE() << to_string(e);
    const sim::RunResult run = run_every_rank(c);
    EXPECT_EQ(run_folded(c).digest, run.digest);
    std::int64_t sum = 0;
    for (std::uint32_t l = 0; l < run.links.size(); ++l)
      if (c.workload.link_kinds[c.workload.links[{l}].kind] == "nic") sum += run.links[{l}].bytes.n;
    return sum;
  };
  EXPECT_LT(2 * network("true"), network("false"));
}

// Multi-token prediction adds a layer and one more pass over the vocabulary, and
// a copy of the embedding where the last stage is not the first.
TEST(Experts, MultiTokenPredictionTakesAModuleMore) {
  const auto parameters = [](const char* modules) {
    const Compiled c =
        compiled(read(mixture(), {{"model.mtp_layers", modules}, {"layout.ep", "8"}, {"layout.pp", "2"}}));
    for (const Error& e : sim::check(c.workload)) ADD_FAILURE() << to_string(e);
    const sim::RunResult folded = run_folded(c);
    EXPECT_EQ(folded.digest, run_every_rank(c).digest);
    const sim::Program& last = c.workload.programs[ProgramId{1}];
    std::int64_t sum = 0;
    for (const std::uint32_t b : last.resident)
      if (last.buffers[b].cause == static_cast<std::uint8_t>(MemoryCause::parameters)) sum += last.buffers[b].bytes.n;
    return sum;
  };
  const std::int64_t h = 1024,
                     layer = 4 * h * h + 8 * h + 2 * h + 3 * h * 1408;  // attention, router, norms, one expert
  EXPECT_EQ(parameters("1") - parameters("0"), 2 * (layer + 2 * h * h + 3 * h + 4096 * h));
}

// Two micro-batches in one slot hide each other's exchanges.
TEST(Experts, SlotsOfTwoPassesHideTheExchanges) {
  const std::vector<std::vector<Override>> layouts = {
      {{"layout.ep", "16"}, {"training.global_batch", "128"}},
      {{"layout.ep", "16"}, {"training.global_batch", "128"}, {"model.moe.deduplicate", "true"}},
      {{"layout.tp", "2"}, {"layout.ep", "8"}, {"training.global_batch", "128"}},
      {{"layout.ep", "8"},
       {"layout.pp", "2"},
       {"training.global_batch", "256"},
       {"model.layers", "16"},
       {"pipeline.schedule", "interleaved-1f1b"},
       {"pipeline.virtual_stages", "2"}}};
  for (std::vector<Override> layout : layouts) {
    layout.insert(layout.end(), {{"model.hidden", "4096"},
                                 {"training.sequence_length", "4096"},
                                 {"overlap.pipeline", "true"},
                                 {"overlap.expert_parallel", "false"}});
    const sim::RunResult apart = run_folded(compiled(read(mixture("experts: 16, top_k: 2, ffn: 1408"), layout)));
    layout.back().value = "true";
    const Compiled c = compiled(read(mixture("experts: 16, top_k: 2, ffn: 1408"), layout));
    for (const Error& e : sim::check(c.workload)) ADD_FAILURE() << to_string(e);
    const sim::RunResult together = run_folded(c);
    EXPECT_EQ(run_every_rank(c).digest, together.digest);
    EXPECT_EQ(run_every_rank(c, false).digest, together.digest);
    const auto exposed = [](const sim::RunResult& run) {
      return run.ranks[RankId{0}].time.exposed[static_cast<std::size_t>(TimeCategory::ep)] +
             run.ranks[RankId{0}].time.busy[static_cast<std::size_t>(TimeCategory::ep)];
    };
    EXPECT_LT(exposed(together).seconds(), 0.5 * exposed(apart).seconds());
    EXPECT_LT(together.step_time(), apart.step_time());
  }
}

// The backward of a micro-batch follows its forward: alone it has no other to share a slot with. Where there are as
// many micro-batches as stages, some ranks run all forwards first, and their last one is no pair with the first
// backward.
TEST(Experts, WhatFollowsItselfSharesNoSlot) {
  const auto step = [](std::vector<Override> layout, const char* together) {
    layout.insert(layout.end(), {{"layout.ep", "8"}, {"overlap.pipeline", "true"}});
    layout.push_back({"overlap.expert_parallel", together});
    return run_every_rank(compiled(read(mixture("experts: 16, top_k: 2, ffn: 1408"), layout))).step_time();
  };
  const std::vector<Override> alone = {{"training.global_batch", "16"}};
  EXPECT_EQ(step(alone, "true"), step(alone, "false"));
  const std::vector<Override> few = {{"layout.pp", "2"},
                                     {"training.global_batch", "16"},
                                     {"pipeline.schedule", "interleaved-1f1b"},
                                     {"pipeline.virtual_stages", "2"}};
  EXPECT_GT(step(few, "true").seconds(), 0.9 * step(few, "false").seconds());
}

TEST(Experts, ADegreeOfOneHasNothingToHide) {
  const auto digest = [](const char* on) {
    return run_folded(compiled(read(mixture(), {{"layout.ep", "1"}, {"overlap.expert_parallel", on}}))).digest;
  };
  EXPECT_EQ(digest("true"), digest("false"));
}

// Dropless dispatch makes the host wait for token counts; a capacity spares it that.
TEST(Experts, TokenCountsCostTheHostTime) {
  const auto step = [](const std::vector<Override>& overrides) {
    return run_folded(compiled(read(mixture(), overrides))).step_time();
  };
  EXPECT_LT(step({{"layout.ep", "8"}, {"model.moe.capacity_factor", "1"}}), step({{"layout.ep", "8"}}));
}

}  // namespace
}  // namespace orrery::models

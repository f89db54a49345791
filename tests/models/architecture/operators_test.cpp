#include "models/architecture/operators.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "models/architecture/flops.h"
#include "models/architecture/rank_shape.h"
#include "tests/models/architecture/known_models.h"
#include "tests/models/architecture/layer_probe.h"

namespace orrery::models {
namespace {

using sim::TransferKind;

PieceWork layer(const Scenario& scenario, int layer_in_rank = 0) {
  return piece_work(scenario, PieceKind::layer, layer_in_rank, layer_in_rank);
}

// Every layout and habit that changes a layer's list.
std::vector<Scenario> variants() {
  std::vector<Scenario> all;
  for (const ModelSpec& model : {gpt3_175b(), llama_70b()})
    for (const int tp : {1, 8})
      for (const bool sequence_parallel : {false, true})
        for (const AttentionKind kind : {AttentionKind::flash, AttentionKind::unfused})
          for (const bool fused : {false, true})
            for (const auto recompute : {Recompute::Kind::none, Recompute::Kind::selective, Recompute::Kind::full}) {
              Scenario s = scenario_of(model, 2048, tp, sequence_parallel && tp > 1);
              s.training.attention = kind;
              s.training.recompute.kind = recompute;
              s.training.dropout = fused ? 0 : 0.1;
              Stack& stack = s.software;
              stack.fused_bias_activation = stack.fused_bias_dropout_add = stack.fused_softmax = fused;
              stack.fused_rope = stack.fused_norm = stack.fused_cross_entropy = fused;
              stack.fused_wgrad_accumulation = stack.async_tp_dgrad = stack.regather_inputs = fused;
              all.push_back(s);
            }
  return all;
}

constexpr PieceKind kPieces[] = {PieceKind::embedding, PieceKind::layer, PieceKind::head, PieceKind::loss};

// The products of all ranks together are the model's, and each linear layer has
// one product forward and two backward.
TEST(Operators, ProductsOfAllRanksAreTheModels) {
  for (const Scenario& scenario : variants()) {
    const int tp = scenario.layout.tp;
    const ForwardFlops model = layer_forward_flops(scenario.model, 2048, 0);
    const PieceWork work = layer(scenario);
    EXPECT_DOUBLE_EQ(tp * gemm_flops(work.forward, false), model.linear);
    const bool again = scenario.training.recompute.kind == Recompute::Kind::full;
    EXPECT_DOUBLE_EQ(tp * gemm_flops(work.backward, false), (again ? 3 : 2) * model.linear);
    EXPECT_DOUBLE_EQ(tp * gemm_flops(work.weight_gradient, false), model.linear);
    if (scenario.training.attention == AttentionKind::flash) continue;
    const bool core_again = scenario.training.recompute.kind != Recompute::Kind::none;
    EXPECT_DOUBLE_EQ(tp * gemm_flops(work.forward, true), model.attention);
    EXPECT_DOUBLE_EQ(tp * gemm_flops(work.backward, true), (core_again ? 3 : 2) * model.attention);
  }
}

TEST(Operators, LogitsHaveOneProductForwardAndTwoBackward) {
  const Scenario scenario = scenario_of(llama_8b(), 2048, 8, true);
  const double head = forward_flops(scenario.model, 2048, 128256).head;
  const PieceWork work = piece_work(scenario, PieceKind::head, 0, 0);
  EXPECT_DOUBLE_EQ(8 * gemm_flops(work.forward, false), head);
  EXPECT_DOUBLE_EQ(8 * gemm_flops(work.input_gradient, false), head);
  EXPECT_DOUBLE_EQ(8 * gemm_flops(work.weight_gradient, false), head);
}

// Zero-bubble schedules run the halves apart: together they do what the fused
// order does, each on the main stream.
TEST(Operators, TwoHalvesMakeTheBackward) {
  for (const Scenario& scenario : variants())
    for (const PieceKind kind : kPieces) {
      const PieceWork work = piece_work(scenario, kind, 0, 0);
      Steps halves = work.input_gradient;
      halves.insert(halves.end(), work.weight_gradient.begin(), work.weight_gradient.end());
      for (const LayerStep& step : halves) EXPECT_TRUE(!step.side && step.waits_for < 0);
      std::vector<std::string> apart = labels(halves), fused = labels(work.backward);
      std::sort(apart.begin(), apart.end());
      std::sort(fused.begin(), fused.end());
      EXPECT_EQ(apart, fused);
    }
}

TEST(Operators, WhatRunsBesideIsWaitedForOnceAndLater) {
  for (const Scenario& scenario : variants())
    for (const PieceKind kind : kPieces) {
      const Steps steps = piece_work(scenario, kind, 0, 0).backward;
      std::vector<int> waits(steps.size(), 0);
      for (std::size_t i = 0; i < steps.size(); ++i) {
        if (steps[i].waits_for < 0) continue;
        ASSERT_LT(steps[i].waits_for, static_cast<int>(i));
        ++waits[static_cast<std::size_t>(steps[i].waits_for)];
      }
      for (std::size_t i = 0; i < steps.size(); ++i) EXPECT_EQ(waits[i], steps[i].side ? 1 : 0) << steps[i].label;
    }
}

// arXiv:1909.08053: two all-reduces of the hidden state forward, two backward.
TEST(Operators, TensorParallelReducesTwiceEachWay) {
  const PieceWork work = layer(scenario_of(gpt3_175b(), 2048, 8));
  const std::int64_t hidden_state = 2 * 2048 * 12288;
  EXPECT_EQ(bytes_of(work.forward, TransferKind::all_reduce), 2 * hidden_state);
  EXPECT_EQ(bytes_of(work.backward, TransferKind::all_reduce), 2 * hidden_state);
}

// arXiv:2205.05198, 4.2.2: an all-gather and a reduce-scatter are what an
// all-reduce is, so nothing more is sent forward; backward the inputs of qkv and
// fc1 are gathered once more.
TEST(Operators, SequenceParallelSendsAsMuchAndGathersInputsAgain) {
  Scenario scenario = scenario_of(gpt3_175b(), 2048, 8, true);
  const std::int64_t hidden_state = 2 * 2048 * 12288;
  PieceWork work = layer(scenario);
  EXPECT_EQ(bytes_of(work.forward, TransferKind::all_gather), 2 * hidden_state);
  EXPECT_EQ(bytes_of(work.forward, TransferKind::reduce_scatter), 2 * hidden_state);
  EXPECT_EQ(bytes_of(work.backward, TransferKind::all_gather), 4 * hidden_state);
  EXPECT_EQ(bytes_of(work.backward, TransferKind::reduce_scatter), 2 * hidden_state);
  EXPECT_EQ(bytes_of(work.backward, TransferKind::all_reduce), 0);
  scenario.software.regather_inputs = false;
  EXPECT_EQ(bytes_of(layer(scenario).backward, TransferKind::all_gather), 2 * hidden_state);
}

TEST(Operators, OneRankAloneSendsNothing) {
  for (const PieceKind kind : kPieces) {
    const PieceWork work = piece_work(scenario_of(llama_8b(), 2048), kind, 0, 0);
    for (const Steps* steps : {&work.forward, &work.backward})
      for (const LayerStep& step : *steps) EXPECT_EQ(step.kind, LayerStep::Kind::kernel) << step.label;
  }
}

// Megatron-LM under CUDA_DEVICE_MAX_CONNECTIONS=1: the gather is issued before
// the data gradient and needed by the weight gradient; the reduce-scatter is
// issued between them and needed by the norm.
TEST(Operators, ColumnParallelBackwardOverlapsBothWays) {
  const Steps steps = layer(scenario_of(llama_70b(), 4096, 8, true)).backward;
  for (const std::string name : {"fc1", "qkv"}) {
    const int gather = position(steps, "all-gather " + name + " input again");
    const int reduce = position(steps, "reduce-scatter " + name + " dgrad");
    const int wgrad = position(steps, name + " wgrad");
    const int norm = position(steps, name == "fc1" ? "norm 2 backward" : "norm 1 backward");
    EXPECT_TRUE(steps[gather].side && steps[reduce].side);
    EXPECT_EQ(steps[gather + 1].label, name + " dgrad");
    EXPECT_EQ(steps[reduce - 1].label, name + " dgrad");
    EXPECT_EQ(steps[wgrad].waits_for, gather);
    EXPECT_EQ(steps[norm].waits_for, reduce);
  }
}

TEST(Operators, WithoutTheOverlapTheReductionIsInTheWay) {
  Scenario scenario = scenario_of(gpt3_175b(), 2048, 8);
  scenario.software.async_tp_dgrad = false;
  for (const LayerStep& step : layer(scenario).backward) EXPECT_FALSE(step.side) << step.label;
}

TEST(Operators, FullRecomputeRepeatsTheWholeForwardFirst) {
  Scenario scenario = scenario_of(gpt3_175b(), 2048, 8);
  scenario.training.recompute.kind = Recompute::Kind::full;
  const PieceWork work = layer(scenario);
  for (const Steps* steps : {&work.backward, &work.input_gradient})
    for (std::size_t i = 0; i < work.forward.size(); ++i) {
      EXPECT_EQ((*steps)[i].label, work.forward[i].label);
      EXPECT_TRUE((*steps)[i].recomputed);
    }
  EXPECT_FALSE(work.backward[work.forward.size()].recomputed);
  EXPECT_EQ(bytes_of(work.backward, TransferKind::all_reduce), 4 * 2 * 2048 * 12288);
}

TEST(Operators, SelectiveRecomputeRepeatsTheCoreWhereItsGradientBegins) {
  Scenario scenario = scenario_of(gpt3_175b(), 2048, 8);
  scenario.training.attention = AttentionKind::unfused;
  scenario.training.recompute.kind = Recompute::Kind::selective;
  const Steps steps = layer(scenario).backward;
  const int core = position(steps, "QK^T");
  EXPECT_GT(core, position(steps, "proj wgrad"));
  EXPECT_LT(core, position(steps, "PV dgrad of scores"));
  for (const LayerStep& step : steps)
    EXPECT_EQ(step.recomputed, step.label == "QK^T" || step.label == "softmax" || step.label == "PV") << step.label;
}

TEST(Operators, LayersAreRecomputedByTheirPlaceOnTheRank) {
  Scenario scenario = scenario_of(llama_8b(), 2048);
  const auto recomputes = [&](int layer_in_rank) { return layer(scenario, layer_in_rank).backward[0].recomputed; };
  scenario.training.recompute = {Recompute::Kind::full_layers, 2, {}};
  EXPECT_TRUE(recomputes(0) && recomputes(1) && !recomputes(2));
  scenario.training.recompute = {Recompute::Kind::every, 2, {}};
  EXPECT_TRUE(!recomputes(0) && recomputes(1) && !recomputes(2) && recomputes(3));
}

// vocab_parallel_cross_entropy: largest logit, predicted logit, sum of exponentials; fp32, one number a token.
TEST(Operators, LossReducesThreeNumbersAToken) {
  for (const bool fused : {false, true}) {
    Scenario scenario = scenario_of(llama_8b(), 2048, 8, true);
    scenario.software.fused_cross_entropy = fused;
    const Steps steps = piece_work(scenario, PieceKind::loss, 0, 0).forward;
    EXPECT_EQ(bytes_of(steps, TransferKind::all_reduce), 3 * 4 * 2048);
    EXPECT_LT(position(steps, "all-reduce largest logit"), position(steps, "all-reduce predicted logit"));
    EXPECT_LT(position(steps, "all-reduce predicted logit"), position(steps, "all-reduce sum of exp"));
  }
}

TEST(Operators, FusionMovesFewerBytesAndChangesNoProduct) {
  for (const ModelSpec& model : {gpt3_175b(), llama_70b()})
    for (const PieceKind kind : {PieceKind::layer, PieceKind::loss}) {
      Scenario fused = scenario_of(model, 2048, 8), plain = fused;
      Stack& stack = plain.software;
      stack.fused_bias_activation = stack.fused_bias_dropout_add = stack.fused_rope = stack.fused_norm = false;
      stack.fused_cross_entropy = false;
      const PieceWork a = piece_work(fused, kind, 0, 0), b = piece_work(plain, kind, 0, 0);
      EXPECT_LT(memory_bytes(a.forward), memory_bytes(b.forward));
      EXPECT_LT(memory_bytes(a.backward), memory_bytes(b.backward));
      EXPECT_EQ(gemm_flops(a.forward, false), gemm_flops(b.forward, false));
    }
}

TEST(Operators, UnfusedWeightGradientsAreAddedByAKernel) {
  Scenario scenario = scenario_of(llama_8b(), 2048);
  scenario.software.fused_wgrad_accumulation = false;
  const Steps steps = layer(scenario).weight_gradient;
  const int wgrad = position(steps, "fc2 wgrad");
  EXPECT_FALSE(gemm(steps[wgrad])->accumulate);
  EXPECT_EQ(memory_bound(steps[wgrad + 1])->bytes.n, std::int64_t{4096} * 14336 * (2 + 4 + 4));
}

// Transformer Engine runs the four linear layers of a layer in 8 bits and leaves
// the core and the logits in 16.
TEST(Operators, Fp8IsForLinearLayersOfTheLayers) {
  Scenario scenario = scenario_of(llama_8b(), 2048, 2, true);
  scenario.training.precision = Precision::fp8;
  const PieceWork work = layer(scenario);
  int products = 0;
  for (const Steps* steps : {&work.forward, &work.backward})
    for (const LayerStep& step : *steps) {
      const GemmShape* product = gemm(step);
      const AttentionShape* core = attention(step);
      products += product != nullptr;
      EXPECT_TRUE(!product || product->dtype == Dtype::fp8) << step.label;
      EXPECT_TRUE(!core || core->dtype == Dtype::bf16) << step.label;
    }
  EXPECT_EQ(products, 4 * 3);
  const Steps head = piece_work(scenario, PieceKind::head, 0, 0).forward;
  EXPECT_EQ(gemm(head[position(head, "logits")])->dtype, Dtype::bf16);
}

TEST(Operators, FlashCoreHasTheHeadsOfItsRank) {
  const PieceWork work = layer(scenario_of(llama_70b(), 4096, 8, true));
  const AttentionShape* core = attention(work.forward[position(work.forward, "attention")]);
  EXPECT_EQ(core->heads, 8);
  EXPECT_EQ(core->kv_heads, 1);
  EXPECT_EQ(core->keys, 4096);  // whole sequences: sequence parallelism ends at the qkv layer
  EXPECT_FALSE(core->backward);
  EXPECT_TRUE(attention(work.backward[position(work.backward, "attention backward")])->backward);
}

TEST(Operators, ALearnedPositionTableIsAddedBeforeTheSequenceIsCut) {
  const Steps learned = piece_work(scenario_of(gpt3_175b(), 2048, 8, true), PieceKind::embedding, 0, 0).forward;
  EXPECT_LT(position(learned, "all-reduce embedding"), position(learned, "add positions"));
  EXPECT_LT(position(learned, "add positions"), position(learned, "cut sequence"));
  const Steps rotary = piece_work(scenario_of(llama_70b(), 2048, 8, true), PieceKind::embedding, 0, 0).forward;
  EXPECT_GE(position(rotary, "reduce-scatter embedding"), 0);
  EXPECT_EQ(position(rotary, "add positions"), -1);
}

// DeepSpeed's BF16_Optimizer: a gradient of two bytes is read and written as four, which are read and added to four.
TEST(Operators, AGradientCastBeforeItIsAddedIsWrittenAndReadOnceMore) {
  Scenario scenario = scenario_of(gpt3_175b(), 2048, 8);
  scenario.training.gradients = GradientType::fp32;
  scenario.software.fused_wgrad_accumulation = false;
  const auto moved = [&](bool casts) {
    scenario.software.gradient_casts = casts;
    return rank_shape(scenario, scenario.layout).accumulated(1000);
  };
  EXPECT_EQ(moved(false), Bytes{2000 + 4000 + 4000});
  EXPECT_EQ(moved(true), Bytes{2000 + 4000 + 4000 + 4000 + 4000});
  scenario.training.precision = Precision::fp32;  // nothing to cast
  EXPECT_EQ(moved(true), moved(false));
  scenario.training.precision = Precision::bf16;
  scenario.training.gradients = GradientType::bf16;
  EXPECT_EQ(moved(true), moved(false));
}

}  // namespace
}  // namespace orrery::models

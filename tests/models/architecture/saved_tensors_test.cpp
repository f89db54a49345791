#include <gtest/gtest.h>

#include "tests/models/architecture/known_models.h"
#include "tests/models/architecture/layer_probe.h"

namespace orrery::models {
namespace {

// Korthikanti et al. (arXiv:2205.05198) kept dropout and the whole score matrices.
Scenario with_dropout(const ModelSpec& model, int tp, bool sequence_parallel) {
  Scenario scenario = scenario_of(model, 2048, tp, sequence_parallel);
  scenario.training.dropout = 0.1;
  scenario.training.attention = AttentionKind::unfused;
  return scenario;
}

std::int64_t layer_bytes(const Scenario& scenario) {
  return saved_bytes(piece_work(scenario, PieceKind::layer, 0, 0));
}

class KorthikantiTable2 : public testing::TestWithParam<ModelSpec> {
 protected:
  const ModelSpec& model() const { return GetParam(); }
  std::int64_t sbh() const { return std::int64_t{2048} * model().hidden; }
  std::int64_t scores() const { return std::int64_t{5} * model().heads * 2048 * 2048; }  // sbh * 5as/h
};

TEST_P(KorthikantiTable2, NothingParallel) {
  EXPECT_EQ(layer_bytes(with_dropout(model(), 1, false)), 34 * sbh() + scores());
}

TEST_P(KorthikantiTable2, TensorParallel) {
  EXPECT_EQ(layer_bytes(with_dropout(model(), 8, false)), 10 * sbh() + 24 * sbh() / 8 + scores() / 8);
}

TEST_P(KorthikantiTable2, TensorAndSequenceParallel) {
  EXPECT_EQ(layer_bytes(with_dropout(model(), 8, true)), (34 * sbh() + scores()) / 8);
}

TEST_P(KorthikantiTable2, SelectiveRecomputeDropsTheScores) {
  for (const bool sequence_parallel : {false, true}) {
    Scenario scenario = with_dropout(model(), 8, sequence_parallel);
    scenario.training.recompute.kind = Recompute::Kind::selective;
    EXPECT_EQ(layer_bytes(scenario), sequence_parallel ? 34 * sbh() / 8 : 10 * sbh() + 24 * sbh() / 8);
  }
}

TEST_P(KorthikantiTable2, FullRecomputeKeepsTheInput) {
  for (const bool sequence_parallel : {false, true}) {
    Scenario scenario = with_dropout(model(), 8, sequence_parallel);
    scenario.training.recompute.kind = Recompute::Kind::full;
    EXPECT_EQ(layer_bytes(scenario), 2 * sbh() / (sequence_parallel ? 8 : 1));
  }
}

TEST_P(KorthikantiTable2, WhatFullRecomputeDropsComesBackInTheBackward) {
  Scenario kept = with_dropout(model(), 8, true), dropped = kept;
  dropped.training.recompute.kind = Recompute::Kind::full;
  const PieceWork a = piece_work(kept, PieceKind::layer, 0, 0), b = piece_work(dropped, PieceKind::layer, 0, 0);
  EXPECT_EQ(saved_bytes(a) + a.backward_transient.n, saved_bytes(b) + b.backward_transient.n);
}

INSTANTIATE_TEST_SUITE_P(Models, KorthikantiTable2,
                         testing::Values(gpt(48, 6144, 64), gpt3_175b(), mt_nlg_530b(), gpt(128, 25600, 160)));

// memory.md 3: a token of a Llama layer with a flash core keeps
// 8h + 2(q + 2k) + 2q + 6f + 4a bytes, a-th part each.
TEST(SavedTensors, ALlamaLayerFollowsTheClosedForm) {
  for (const ModelSpec& m : {llama_8b(), llama_70b(), llama_405b()})
    for (const int tp : {1, 2, 8}) {
      const std::int64_t q = m.heads * m.head_dim, k = m.kv_heads * m.head_dim;
      const std::int64_t per_token = 8 * m.hidden + 2 * (q + 2 * k) + 2 * q + 6 * m.ffn + 4 * m.heads;
      EXPECT_EQ(layer_bytes(scenario_of(m, 8192, tp, true)), 8192 * per_token / tp);
    }
}

// Queries rotated in place are a view of queries, keys and values; with fewer key-value heads they are a tensor apart.
TEST(SavedTensors, QueriesRotatedInPlaceKeepAllOfQkv) {
  for (const int tp : {1, 8}) {
    Scenario scenario = scenario_of(llama(80, 8192, 28672, 64, 64, 32000), 4096, tp, true);
    const std::int64_t apart = layer_bytes(scenario);
    scenario.software.whole_qkv = true;
    EXPECT_EQ(layer_bytes(scenario) - apart, 2 * 2 * 4096 * 8192 / tp);
    scenario = scenario_of(llama_70b(), 4096, tp, true);
    const std::int64_t grouped = layer_bytes(scenario);
    scenario.software.whole_qkv = true;
    EXPECT_EQ(layer_bytes(scenario), grouped);
  }
}

// Gathered inputs that are kept take the place of the two shards.
TEST(SavedTensors, KeepingGatheredInputsCostsTwoWholeHiddenStates) {
  Scenario scenario = scenario_of(llama_70b(), 4096, 8, true);
  const std::int64_t sharded = layer_bytes(scenario);
  scenario.software.regather_inputs = false;
  EXPECT_EQ(layer_bytes(scenario) - sharded, 2 * 2 * 4096 * 8192 * 7 / 8);
}

// Four GEMM inputs shrink to a byte an element; the flash core still needs its
// output in 16 bits.
TEST(SavedTensors, Fp8HalvesTheGemmInputsAndKeepsTheCoresOutput) {
  Scenario scenario = scenario_of(llama_70b(), 4096, 8, true);
  const std::int64_t wide = layer_bytes(scenario);
  scenario.training.precision = Precision::fp8;
  const std::int64_t elements = 4096 * (2 * 8192 + 8192 + 28672) / 8, core_output = 2 * 4096 * 8192 / 8;
  EXPECT_EQ(wide - layer_bytes(scenario), elements - core_output);
  scenario.training.precision = Precision::mxfp8;  // one byte of scale for 32 elements
  EXPECT_EQ(wide - layer_bytes(scenario), elements - elements / 32 - core_output);
}

// arXiv:2205.05198, 4.3, for p = 1: 4sbh(1 + v/h)/t for norm, output layer and fp32 logits;
// the 16-bit logits beside the fp32 copy are memory.md 3.
TEST(SavedTensors, HeadKeepsItsLogitsTwiceUnlessTheLossIsFused) {
  Scenario scenario = scenario_of(gpt3_175b(), 2048, 8, true);
  const std::int64_t sbh = 2048 * 12288, logits = 2048 * 51200;
  EXPECT_EQ(saved_bytes(piece_work(scenario, PieceKind::head, 0, 0)), (4 * sbh + 2 * logits) / 8);
  scenario.software.fused_cross_entropy = false;
  EXPECT_EQ(saved_bytes(piece_work(scenario, PieceKind::loss, 0, 0)), 4 * logits / 8);
  scenario.software.fused_cross_entropy = true;
  EXPECT_EQ(saved_bytes(piece_work(scenario, PieceKind::loss, 0, 0)), 0);
}

// By hand, bytes a logit of the largest moment. PyTorch's own loss: logits, their fp32 copy and log_softmax, 10; then,
// the logits let go, log_softmax, its gradient and that of what it read, 12. DTensor's loss_parallel has one more of
// each. A compiled one: the logits, and their gradient.
TEST(SavedTensors, OfALossThatAutogradTakesBackward) {
  const auto most = [](int tp, bool fused) {
    Scenario scenario = scenario_of(llama_8b(), 4096, tp, tp > 1);
    scenario.software.fused_cross_entropy = fused;
    scenario.software.logit_copies = 1;
    scenario.software.logit_gradient_copies = fused ? 1 : 2;
    scenario.software.split_logit_copies = 1;
    const PieceWork work = piece_work(scenario, PieceKind::loss, 0, 0);
    const std::int64_t each = std::int64_t{4096} * 128256 / tp, kept = 2 + saved_bytes(work) / each;
    return std::pair(kept + work.forward_transient.n / each, kept + work.backward_transient.n / each);
  };
  EXPECT_EQ(most(1, false), std::pair(std::int64_t{10}, std::int64_t{12}));
  EXPECT_EQ(most(8, false), std::pair(std::int64_t{14}, std::int64_t{16}));
  EXPECT_EQ(most(1, true), std::pair(std::int64_t{2}, std::int64_t{4}));
}

// Each is a request of its own to the allocator: of the two gradients that PyTorch's own loss makes, the second comes
// when the 16-bit logits are gone.
TEST(SavedTensors, ALossAsksForItsTensorsOneByOne) {
  Scenario scenario = scenario_of(llama_8b(), 4096);
  scenario.software.fused_cross_entropy = false;
  scenario.software.logit_copies = 3;
  scenario.software.logit_gradient_copies = 2;
  const PieceWork work = piece_work(scenario, PieceKind::loss, 0, 0);
  const std::int64_t logits = std::int64_t{4096} * 128256;
  EXPECT_EQ(work.forward_tensors, std::vector<Bytes>(3, Bytes{4 * logits}));
  EXPECT_EQ(work.backward_tensors, (std::vector<Bytes>{{4 * logits}, {2 * logits}}));
  EXPECT_EQ(work.forward_transient.n, 12 * logits);
  EXPECT_EQ(work.backward_transient.n, 6 * logits);
}

// Liger, by hand for Llama 8B and 8,192 tokens: 32 chunks of 256; of logits one chunk stands, and the gradients of the
// layer's input and weight are kept. Where the vocabulary is split, the stack's other loss is taken.
TEST(SavedTensors, AChunkedLossHasOneChunkOfLogits) {
  Scenario scenario = scenario_of(llama_8b(), 8192);
  const PieceWork whole = piece_work(scenario, PieceKind::head, 0, 0);
  scenario.software.chunked_loss = true;
  const PieceWork head = piece_work(scenario, PieceKind::head, 0, 0);
  const std::int64_t sh = 8192 * 4096, vh = std::int64_t{128256} * 4096;
  EXPECT_EQ(saved_bytes(head), 2 * (2 * sh + vh));
  EXPECT_EQ(head.forward_transient.n, 2 * (sh + std::int64_t{256} * 128256));
  EXPECT_EQ(gemm_flops(head.forward, false), gemm_flops(whole.forward, false) + gemm_flops(whole.backward, false));
  EXPECT_EQ(gemm_flops(head.backward, false), 0);
  const PieceWork loss = piece_work(scenario, PieceKind::loss, 0, 0);
  EXPECT_TRUE(loss.forward.empty() && loss.backward.empty());

  Scenario split = scenario_of(llama_8b(), 8192, 2, true);
  const std::int64_t kept = saved_bytes(piece_work(split, PieceKind::head, 0, 0));
  split.software.chunked_loss = true;
  EXPECT_EQ(saved_bytes(piece_work(split, PieceKind::head, 0, 0)), kept);
}

// Megatron-Core's tensor_parallel/layers.py: torch.empty(weight.main_grad.shape), beside the sum in fp32.
TEST(SavedTensors, TheOutputLayersUnreadGradientStandsForAMoment) {
  Scenario scenario = scenario_of(gpt3_175b(), 2048, 8, true);
  const std::int64_t before = piece_work(scenario, PieceKind::head, 0, 0).backward_transient.n;
  scenario.software.dummy_weight_gradients = true;
  const std::int64_t with = piece_work(scenario, PieceKind::head, 0, 0).backward_transient.n;
  EXPECT_EQ(with - before, std::int64_t{2} * 51200 * 12288 / 8);
}

// arXiv:2205.05198, 4.3: the embedding keeps its dropout mask, sbh/t; Megatron-LM's report adds 8 bytes a token id.
TEST(SavedTensors, EmbeddingKeepsTokenIdsAndItsMask) {
  EXPECT_EQ(saved_bytes(piece_work(scenario_of(gpt3_175b(), 2048, 8, true), PieceKind::embedding, 0, 0)), 8 * 2048);
  EXPECT_EQ(saved_bytes(piece_work(with_dropout(gpt3_175b(), 8, true), PieceKind::embedding, 0, 0)),
            8 * 2048 + 2048 * 12288 / 8);
}

// A layer that keeps nothing has all its widest tensors for a moment only.
TEST(SavedTensors, WhatIsNotKeptPassesThrough) {
  Scenario scenario = with_dropout(gpt3_175b(), 8, true);
  const std::int64_t scores = std::int64_t{96} * 2048 * 2048 / 8;
  EXPECT_EQ(piece_work(scenario, PieceKind::layer, 0, 0).forward_transient.n, 2 * scores);
  scenario.training.recompute.kind = Recompute::Kind::selective;
  EXPECT_EQ(piece_work(scenario, PieceKind::layer, 0, 0).forward_transient.n, 5 * scores);
  const Bytes core_only = piece_work(scenario, PieceKind::layer, 0, 0).forward_transient;
  scenario.training.recompute.kind = Recompute::Kind::full;
  EXPECT_GT(piece_work(scenario, PieceKind::layer, 0, 0).forward_transient, core_only);
}

TEST(SavedTensors, EveryPieceHandsOnOneHiddenState) {
  const Scenario scenario = scenario_of(llama_70b(), 4096, 8, true);
  EXPECT_EQ(piece_work(scenario, PieceKind::embedding, 0, 0).output.n, 2 * 4096 * 8192 / 8);
  EXPECT_EQ(piece_work(scenario, PieceKind::layer, 0, 0).output.n, 2 * 4096 * 8192 / 8);
  EXPECT_EQ(piece_work(scenario, PieceKind::head, 0, 0).output.n, 0);
}

}  // namespace
}  // namespace orrery::models

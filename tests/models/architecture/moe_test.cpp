#include <gtest/gtest.h>

#include <cmath>

#include "models/architecture/flops.h"
#include "models/architecture/operators.h"
#include "models/architecture/parameters.h"
#include "tests/models/architecture/known_models.h"
#include "tests/models/architecture/layer_probe.h"

namespace orrery::models {
namespace {

using sim::TransferKind;

constexpr std::int64_t kSequence = 2048;

PieceWork last_layer(const Scenario& scenario) {
  return piece_work(scenario, PieceKind::layer, scenario.model.layers - 1, 0);
}

Scenario spread(ModelSpec model, int ep, int etp = 1, int tp = 1) {
  Scenario scenario = scenario_of(model, kSequence, tp, tp > 1);
  scenario.layout.ep = ep;
  scenario.layout.etp = etp;
  scenario.layout.dp = ep * etp / tp;
  return scenario;
}

double router_flops(const Scenario& scenario) {
  return 2.0 * kSequence * scenario.model.hidden * scenario.model.moe->experts;
}

// Whatever the grid, all ranks of a replica together multiply what the model's
// formula says, and the router, which that formula leaves out.
TEST(Experts, ProductsOfAllRanksAreTheModels) {
  for (const ModelSpec& model : {mixtral_8x7b(), deepseek_v3()}) {
    const double linear = layer_forward_flops(model, kSequence, model.layers - 1).linear;
    for (const Scenario& s : {spread(model, 1), spread(model, 8), spread(model, 4, 2, 2), spread(model, 8, 1, 4)}) {
      const PieceWork work = last_layer(s);
      const double norms = model.mla ? 2.0 * kSequence * (model.mla->q_lora + model.mla->kv_lora) : 0;
      const double forward = s.layout.tp * (gemm_flops(work.forward, false) + gemm_flops(work.forward, true));
      const double backward = s.layout.tp * (gemm_flops(work.backward, false) + gemm_flops(work.backward, true));
      EXPECT_NEAR(forward / (linear - norms + router_flops(s)), 1, 1e-12) << model.hidden << " ep " << s.layout.ep;
      EXPECT_NEAR(backward / forward, 2, 1e-12);
    }
  }
}

// Switch: one expert a token. A rank sends every token it has, once out and once
// back, and once each for the gradients.
TEST(Experts, OneExpertPerTokenMovesEveryTokenOnce) {
  ModelSpec model = mixtral_8x7b();
  model.moe->top_k = 1;
  const Scenario s = spread(model, 8);
  const std::int64_t tokens = kSequence * model.hidden * 2;
  const PieceWork work = last_layer(s);
  EXPECT_EQ(bytes_of(work.forward, TransferKind::all_to_all), 2 * tokens);
  EXPECT_EQ(bytes_of(work.backward, TransferKind::all_to_all), 2 * tokens);
}

TEST(Experts, EveryCopyMovesOnceEachWay) {
  const Scenario s = spread(deepseek_v3(), 64);
  EXPECT_EQ(bytes_of(last_layer(s).forward, TransferKind::all_to_all), 2 * kSequence * 8 * 7168 * 2);
}

TEST(Experts, AloneNobodyExchanges) {
  const PieceWork work = last_layer(spread(mixtral_8x7b(), 1));
  for (const LayerStep& step : work.forward) EXPECT_NE(step.kind, LayerStep::Kind::collective) << step.label;
}

// Splitting each expert over etp ranks needs the copies of all of them first.
TEST(Experts, ExpertTensorParallelismGathersAndScatters) {
  const PieceWork work = last_layer(spread(mixtral_8x7b(), 4, 2, 2));
  const std::int64_t copies = kSequence / 2 * 2 * 4096 * 2;  // this rank's tokens, twice
  const auto etp_bytes = [&](const Steps& steps) {
    std::int64_t sum = 0;
    for (const LayerStep& step : steps)
      if (step.kind == LayerStep::Kind::collective && step.group == LayerGroup::etp) sum += step.bytes.n;
    return sum;
  };
  EXPECT_EQ(etp_bytes(work.forward), 2 * 2 * copies);
  EXPECT_EQ(etp_bytes(work.backward), 2 * 2 * copies);
}

// GShard: a capacity makes shapes static, so that nobody has to be asked how many came.
TEST(Experts, CapacityFixesTheShapes) {
  ModelSpec model = mixtral_8x7b();
  model.moe->capacity_factor = 1.25;
  const Scenario s = spread(model, 8);
  const PieceWork work = last_layer(s);
  const std::int64_t slots = 640 * 8;  // ceil(1.25 * 2048 * 2 / 8) for each expert
  EXPECT_EQ(bytes_of(work.forward, TransferKind::all_to_all), 2 * slots * 4096 * 2);
  const auto waits = [](const Steps& steps) {
    return std::any_of(steps.begin(), steps.end(),
                       [](const LayerStep& step) { return step.kind == LayerStep::Kind::host_sync; });
  };
  EXPECT_FALSE(waits(work.forward));
  EXPECT_TRUE(waits(last_layer(spread(mixtral_8x7b(), 8)).forward));
}

// Routed copies keep the experts' inputs (2h), fc1's outputs (4f) and fc2's
// inputs (2f); dense parts keep what they keep in any layer.
TEST(Experts, SavedTensorsOfARoutedCopy) {
  const Scenario s = spread(mixtral_8x7b(), 8);
  ModelSpec dense = s.model;
  dense.moe.reset();
  dense.ffn = 14336;
  const std::int64_t attention =
      saved_bytes(piece_work(scenario_of(dense, kSequence), PieceKind::layer, 0, 0)) - kSequence * 6 * 14336;
  const std::int64_t router = kSequence * 8 * 4 * 2;
  EXPECT_EQ(saved_bytes(last_layer(s)), attention + router + kSequence * 2 * (2 * 4096 + 6 * 14336));
}

// Latent attention: 192 wide queries and keys, 128 wide values.
TEST(LatentAttention, HeadsHaveTheirOwnWidths) {
  const Scenario s = scenario_of(deepseek_v3(), kSequence, 8, true);
  const PieceWork work = piece_work(s, PieceKind::layer, 0, 0);
  for (const LayerStep& step : work.forward)
    if (const AttentionShape* core = attention(step)) {
      EXPECT_EQ(core->head_dim, 192);
      EXPECT_EQ(core->value_dim, 128);
      EXPECT_EQ(core->heads, 16);
      EXPECT_EQ(core->kv_heads, 16);
    }
  const int down = position(work.forward, "kv down"), up = position(work.forward, "kv up");
  ASSERT_GE(down, 0);
  EXPECT_EQ(gemm(work.forward[down])->m, kSequence / 8) << "down-projections work on the rank's own tokens";
  EXPECT_EQ(gemm(work.forward[up])->m, kSequence);
  EXPECT_EQ(gemm(work.forward[up])->n, 16 * (128 + 128));
}

// Up-projections that are computed again bring queries, keys and values back: what stays of them are the latents.
TEST(LatentAttention, UpProjectionsComeBackFromTheLatents) {
  Scenario kept = scenario_of(deepseek_v3(), kSequence);
  kept.pipeline.stage_layers = {61};
  kept.training.global_batch = 1;
  Scenario again = kept;
  again.training.recompute = {Recompute::Kind::modules, 0, {"mla_up_proj"}};
  const auto layer = [](const Scenario& s) { return piece_work(s, PieceKind::layer, 0, 0); };
  constexpr std::int64_t kHeads = 128, kLatents = 1536 + 512;
  EXPECT_EQ(saved_bytes(layer(kept)) - saved_bytes(layer(again)),
            2 * kSequence * (kHeads * (192 + 192 + 128) + kLatents));
  double repeated = 0;
  for (const LayerStep& step : layer(again).backward)
    if (step.recomputed && gemm(step)) repeated += step.kernel.flops().n;
  const double up = 2.0 * kSequence * kHeads * (1536 * 192 + 512 * 256);
  EXPECT_DOUBLE_EQ(repeated, up);
  EXPECT_NEAR(step_flops(again).hardware.n - step_flops(kept).hardware.n, 61 * up, 1e-6 * 61 * up);
}

// The inputs of second products go; what the activation reads stays, in 8 bits where the stack keeps it so.
TEST(Experts, ActivationsThatComeBackAreNotKept) {
  Scenario kept = spread(deepseek_v3(), 8);
  const auto saved = [](const Scenario& s) { return saved_bytes(last_layer(s)); };
  Scenario again = kept;
  again.training.recompute = {Recompute::Kind::modules, 0, {"moe_act"}};
  constexpr std::int64_t kCopies = kSequence * (8 + 1), kFfn = 2048;  // one shared expert
  EXPECT_EQ(saved(kept) - saved(again), 2 * kCopies * kFfn);
  Scenario narrow = again;
  narrow.software.fp8_activation_inputs = true;
  EXPECT_EQ(saved(narrow), saved(again)) << "16-bit layers keep 16-bit inputs";
  again.training.precision = narrow.training.precision = Precision::fp8_blockwise;
  const std::int64_t inputs = kCopies * 2 * kFfn;
  EXPECT_EQ(saved(again) - saved(narrow), 2 * inputs - (inputs + 4 * inputs / 128));
}

// 8-bit layers may send what they would quantise anyway, and take back sums in 16 bits.
TEST(Experts, DispatchInEightBitsSendsHalfOneWay) {
  Scenario wide = spread(deepseek_v3(), 8);
  wide.training.precision = Precision::fp8_blockwise;
  Scenario narrow = wide;
  narrow.software.fp8_dispatch = true;
  const std::int64_t copies = kSequence * 8 * 7168;
  for (const auto pass : {&PieceWork::forward, &PieceWork::backward}) {
    const auto sent = [&](const Scenario& s) { return bytes_of(last_layer(s).*pass, TransferKind::all_to_all); };
    EXPECT_EQ(sent(wide), 2 * 2 * copies);
    EXPECT_EQ(sent(narrow), 2 * copies + copies + 4 * copies / 128);
  }
}

}  // namespace
}  // namespace orrery::models

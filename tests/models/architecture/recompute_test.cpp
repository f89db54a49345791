// What is computed twice, and what it saves.

#include "models/architecture/recompute.h"

#include <gtest/gtest.h>

#include "models/architecture/flops.h"
#include "tests/models/architecture/known_models.h"
#include "tests/models/architecture/layer_probe.h"

namespace orrery::models {
namespace {

Scenario with(Recompute::Kind kind, const std::vector<std::string>& modules = {}) {
  Scenario scenario = scenario_of(llama(4, 4096, 14336, 32, 8, 128256), 4096, 1, false);
  scenario.training.recompute = {kind, 2, modules};
  scenario.pipeline.stage_layers = {4};
  scenario.training.global_batch = 1;
  return scenario;
}

Scenario of_modules(const std::vector<std::string>& modules) {
  return with(Recompute::Kind::modules, modules);
}

double recomputed_flops(const PieceWork& work) {
  double sum = 0;
  for (const LayerStep& step : work.backward)
    if (step.kind == LayerStep::Kind::kernel && step.recomputed &&
        !std::holds_alternative<MemoryBoundShape>(step.kernel.shape))
      sum += step.kernel.flops().n;
  return sum;
}

PieceWork layer(const Scenario& scenario, int layer_in_rank = 0) {
  return piece_work(scenario, PieceKind::layer, 0, layer_in_rank);
}

// The steps marked as repeated are those that the count of executed FLOPs takes for
// repeated, but for whole blocks on the diagonal of the attention core.
TEST(Recompute, StepsAndCountsAgree) {
  for (const Scenario& scenario :
       {with(Recompute::Kind::none), with(Recompute::Kind::full), with(Recompute::Kind::every),
        with(Recompute::Kind::full_layers), with(Recompute::Kind::selective_op), of_modules({"attention"}),
        of_modules({"mlp"}), of_modules({"norm"}), of_modules({"attention", "mlp", "norm"})}) {
    double steps = 0;
    for (int i = 0; i < 4; ++i) steps += recomputed_flops(layer(scenario, i));
    const StepFlops counted = step_flops(scenario);
    const double extra = counted.hardware.n - counted.model_causal.n;
    EXPECT_NEAR(steps, extra, 0.01 * steps) << static_cast<int>(scenario.training.recompute.kind);
  }
}

TEST(Recompute, OfModulesAndOfOperatorsLiesBetweenNoneAndFull) {
  const auto saved = [](const Scenario& scenario) { return saved_bytes(layer(scenario)); };
  const std::int64_t none = saved(with(Recompute::Kind::none)), full = saved(with(Recompute::Kind::full));
  for (const Scenario& scenario :
       {with(Recompute::Kind::selective_op), of_modules({"attention"}), of_modules({"mlp"}), of_modules({"norm"})}) {
    EXPECT_LT(saved(scenario), none);
    EXPECT_GT(saved(scenario), full);
  }
  // With both norms' inputs kept, everything between them can go.
  constexpr std::int64_t kTokens = 4096, kHidden = 4096;
  EXPECT_EQ(saved(of_modules({"attention", "mlp", "norm"})), 2 * 2 * kTokens * kHidden);
}

// What is dropped stands again in the backward: nothing is saved at its peak but what other micro-batches hold.
TEST(Recompute, DroppedTensorsComeBackForAMoment) {
  const PieceWork none = layer(with(Recompute::Kind::none));
  for (const Scenario& scenario : {with(Recompute::Kind::full), of_modules({"mlp"}), of_modules({"norm"})}) {
    const PieceWork again = layer(scenario);
    EXPECT_EQ(saved_bytes(again) + again.backward_transient.n, saved_bytes(none) + none.backward_transient.n);
  }
}

// TorchTitan saves every other product: of query, key, value, output, gate, up and down
// it repeats key, output and up, in the forward's order.
TEST(Recompute, SelectiveOpRepeatsEverySecondProduct) {
  std::vector<std::string> products;
  for (const LayerStep& step : layer(with(Recompute::Kind::selective_op)).backward)
    if (step.recomputed && std::holds_alternative<GemmShape>(step.kernel.shape)) products.push_back(step.label);
  EXPECT_EQ(products, (std::vector<std::string>{"key", "proj", "up"}));
}

// Of a layer with experts it repeats the router's and the grouped products, and keeps what exchanges brought.
TEST(Recompute, SelectiveOpWithExpertsKeepsExchangesAlone) {
  for (const int shared : {0, 1}) {
    Scenario scenario = with(Recompute::Kind::selective_op);
    scenario.model.moe = MoeSpec{};
    scenario.model.moe->experts = 8;
    scenario.model.moe->top_k = 2;
    scenario.model.moe->ffn = 2048;
    scenario.model.moe->shared_experts = shared;
    scenario.layout.ep = scenario.layout.dp = 4;
    const PieceWork work = layer(scenario);
    std::vector<std::string> products;
    for (const LayerStep& step : work.backward) {
      if (!step.recomputed) continue;
      EXPECT_NE(step.kind, LayerStep::Kind::collective) << step.label;
      if (step.kind == LayerStep::Kind::kernel && std::holds_alternative<GemmShape>(step.kernel.shape))
        products.push_back(step.label);
    }
    std::vector<std::string> expected = {"key", "proj", "router", "expert fc1"};
    if (shared > 0) expected.insert(expected.end(), {"expert fc2", "shared up"});
    EXPECT_EQ(products, expected);
    std::int64_t exchanged = 0;
    for (const SavedTensor& tensor : work.saved)
      if (tensor.label == "dispatched" || tensor.label == "combined") exchanged += tensor.bytes.n;
    EXPECT_EQ(exchanged, 2 * 2 * 4096 * 2 * 4096);  // two lists of two copies of a token, in 16 bits

    Scenario none = scenario, full = scenario;
    none.training.recompute.kind = Recompute::Kind::none;
    full.training.recompute.kind = Recompute::Kind::full;
    EXPECT_LT(saved_bytes(work), saved_bytes(layer(none)));
    EXPECT_GT(saved_bytes(work), saved_bytes(layer(full)));
  }
}

// Four layers of which the last two have experts; a shared one too.
Scenario latent(int q_lora) {
  ModelSpec model = deepseek_v3();
  model.layers = 4;
  model.moe->dense_layers = 2;
  model.mla->q_lora = q_lora;
  Scenario scenario = scenario_of(model, 4096);
  scenario.training.recompute.kind = Recompute::Kind::selective_op;
  return scenario;
}

std::vector<std::string> repeated_products(const PieceWork& work) {
  std::vector<std::string> products;
  for (const LayerStep& step : work.backward)
    if (step.kind == LayerStep::Kind::kernel && step.recomputed && std::holds_alternative<GemmShape>(step.kernel.shape))
      products.push_back(step.label);
  return products;
}

// Latent attention has five products, so that in the MLP behind it the others are every second;
// four where queries come from the input itself.
TEST(Recompute, SelectiveOpCountsOnThroughLatentAttention) {
  using Products = std::vector<std::string>;
  EXPECT_EQ(repeated_products(layer(latent(1536))), (Products{"q up", "kv up", "gate"}));
  EXPECT_EQ(repeated_products(layer(latent(0))), (Products{"kv down", "proj", "up"}));
  const auto of_experts = [](const Scenario& scenario) {
    return repeated_products(piece_work(scenario, PieceKind::layer, 2, 2));
  };
  EXPECT_EQ(of_experts(latent(1536)), (Products{"q up", "kv up", "router", "expert fc1", "expert fc2", "shared gate"}));
  EXPECT_EQ(of_experts(latent(0)), (Products{"kv down", "proj", "router", "expert fc1", "expert fc2", "shared up"}));
}

// By hand, 16-bit columns a token. Both keep the input 7168, the core's output 128*128 and its statistics 128*4 bytes;
// then q down 1536, kv down 512+64, output 7168 and up 18432; or q 128*192, kv up 128*256, gate 18432 and down 7168.
TEST(Recompute, SelectiveOpOfLatentAttentionKeepsTheOtherProducts) {
  constexpr std::int64_t kTokens = 4096, kBoth = 7168 + 128 * 128 + 256;
  EXPECT_EQ(saved_bytes(layer(latent(1536))), 2 * kTokens * (kBoth + 1536 + 576 + 7168 + 18432));
  EXPECT_EQ(saved_bytes(layer(latent(0))), 2 * kTokens * (kBoth + 128 * 192 + 128 * 256 + 18432 + 7168));
}

// With tp and sequence parallelism: latents are those of a rank's own tokens, heads and columns are split, and of the
// output its sum over ranks is kept, once.
TEST(Recompute, SelectiveOpOfLatentAttentionIsSplitLikeIt) {
  Scenario scenario = latent(1536);
  scenario.layout.tp = 8;
  scenario.layout.sequence_parallel = true;
  EXPECT_EQ(saved_bytes(layer(scenario)), saved_bytes(layer(latent(1536))) / 8);
  // Gathering is repeated, for keys' rotary part too; no sum is.
  std::vector<std::string> transfers;
  for (const LayerStep& step : layer(scenario).backward)
    if (step.recomputed && step.kind == LayerStep::Kind::collective) transfers.push_back(step.label);
  EXPECT_EQ(std::count(transfers.begin(), transfers.end(), "all-gather rotary key"), 1);
  for (const std::string& label : transfers) EXPECT_TRUE(label.starts_with("all-gather")) << label;
}

TEST(Recompute, StepsAndCountsAgreeInLatentAttention) {
  for (const int q_lora : {0, 1536}) {
    const Scenario scenario = latent(q_lora);
    double steps = 0;
    for (int i = 0; i < 4; ++i) steps += recomputed_flops(piece_work(scenario, PieceKind::layer, i, i));
    const StepFlops counted = step_flops(scenario);
    EXPECT_NEAR(steps, counted.hardware.n - counted.model_causal.n, 0.01 * steps) << q_lora;
  }
}

// Nothing reads the sum of an MLP again, but dropout.
TEST(Recompute, SelectiveOpRepeatsNoLastProductForNothing) {
  Scenario scenario = latent(1536);
  scenario.training.dropout = 0.1;
  EXPECT_EQ(repeated_products(layer(scenario)).back(), "fc2");
  const double extra = step_flops(scenario).hardware.n - step_flops(latent(1536)).hardware.n;
  // Of two dense layers, and of the shared expert of the two others.
  EXPECT_DOUBLE_EQ(extra, 2.0 * 4096 * 7168 * (2 * 18432 + 2 * 2048));
}

// Layers that are said to work alike have one list of steps.
TEST(WorksAlike, LayersThatRepeatTheSame) {
  const Scenario first_two = with(Recompute::Kind::full_layers);
  EXPECT_TRUE(works_alike(first_two, 0, 0, 1, 1));
  EXPECT_FALSE(works_alike(first_two, 1, 1, 2, 2));
  EXPECT_TRUE(works_alike(first_two, 2, 2, 3, 3));
  for (const Recompute::Kind kind : {Recompute::Kind::none, Recompute::Kind::full, Recompute::Kind::full_layers,
                                     Recompute::Kind::every, Recompute::Kind::selective_op}) {
    const Scenario scenario = with(kind);
    for (int a = 0; a < 4; ++a)
      for (int b = 0; b < 4; ++b)
        EXPECT_EQ(works_alike(scenario, a, a, b, b),
                  layer(scenario, a).backward.size() == layer(scenario, b).backward.size());
  }
}

}  // namespace
}  // namespace orrery::models

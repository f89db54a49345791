#include "models/memory/states.h"

#include <gtest/gtest.h>

#include "models/layout/sharding.h"
#include "tests/models/architecture/known_models.h"

namespace orrery::models {
namespace {

constexpr std::int64_t kParameters = 1'000'000;

Scenario training(Precision precision, GradientType gradients, int zero = 0, int dp = 1) {
  Scenario scenario;
  scenario.training.precision = precision;
  scenario.training.gradients = gradients;
  scenario.layout.zero = zero;
  scenario.layout.dp = dp;
  return scenario;
}

double per_parameter(const Scenario& scenario) {
  return static_cast<double>(state_bytes(scenario, kParameters, 0).total().n) / kParameters;
}

// arXiv:1910.02054, section 3.1 and figure 1: 16 bytes; 4 + 12/d, 2 + 14/d, 16/d.
TEST(States, TheZeroPapersStages) {
  const auto bytes = [](int zero, int d) {
    return per_parameter(training(Precision::bf16, GradientType::bf16, zero, d));
  };
  EXPECT_EQ(bytes(0, 64), 16);
  EXPECT_EQ(bytes(1, 64), 4 + 12.0 / 64);
  EXPECT_EQ(bytes(2, 64), 2 + 14.0 / 64);
  EXPECT_EQ(bytes(3, 64), 16.0 / 64);
}

// Megatron-LM, docs of the distributed optimizer: bytes a parameter without and with it.
TEST(States, MegatronsDistributedOptimizer) {
  const int d = 8;
  EXPECT_EQ(per_parameter(training(Precision::bf16, GradientType::fp32)), 18);
  EXPECT_EQ(per_parameter(training(Precision::bf16, GradientType::fp32, 1, d)), 6 + 12.0 / d);
  EXPECT_EQ(per_parameter(training(Precision::fp16, GradientType::bf16)), 20);  // 16-bit gradients
  EXPECT_EQ(per_parameter(training(Precision::fp16, GradientType::bf16, 1, d)), 4 + 16.0 / d);
  EXPECT_EQ(per_parameter(training(Precision::fp32, GradientType::fp32)), 16);
  EXPECT_EQ(per_parameter(training(Precision::fp32, GradientType::fp32, 1, d)), 8 + 8.0 / d);
}

// PyTorch's shards are fp32 parameters with fp32 gradients and Adam's moments, whatever gradients are reduced in.
TEST(States, FullyShardedOnesAreSingle) {
  for (const Precision precision : {Precision::bf16, Precision::fp16, Precision::fp32})
    for (const GradientType gradients : {GradientType::fp32, GradientType::bf16}) {
      Scenario scenario = training(precision, gradients, 0, 8);
      scenario.layout.fsdp = "full_shard";
      EXPECT_EQ(per_parameter(scenario), 16.0 / 8);
    }
}

TEST(States, OptimizersKeepTheirMomentsBesideTheMasterCopy) {
  Scenario scenario = training(Precision::bf16, GradientType::fp32);
  const auto with = [&](Optimizer optimizer) {
    scenario.training.optimizer = optimizer;
    return state_scheme(scenario.training).optimizer;
  };
  EXPECT_EQ(with(Optimizer::adam), 4 + 8);
  EXPECT_EQ(with(Optimizer::adam_bf16), 4 + 2 + 2);
  EXPECT_EQ(with(Optimizer::adam_8bit), 4 + 1 + 1);
  EXPECT_EQ(with(Optimizer::momentum), 4 + 4);
  EXPECT_EQ(with(Optimizer::muon), 4 + 4);
  EXPECT_EQ(with(Optimizer::sgd), 4);
  EXPECT_EQ(with(Optimizer::adafactor), 4);
  scenario.training.optimizer_bytes_per_parameter = 7;
  EXPECT_EQ(with(Optimizer::custom), 7);
}

// memory.md 2: a byte for the cast, one for its transpose; the master stays fp32.
TEST(States, Fp8AddsTwoCastsOfWhatIsMultiplied) {
  const Scenario scenario = training(Precision::fp8, GradientType::fp32);
  EXPECT_EQ(per_parameter(scenario), 20);
  EXPECT_EQ(state_bytes(scenario, kParameters, 0, kParameters).total().n, 18 * kParameters);
}

TEST(States, ContextParallelRanksShareTheOptimizerToo) {
  Scenario a = training(Precision::bf16, GradientType::fp32, 1, 16), b = a;
  a.layout.dp = 4;
  a.layout.cp = 4;
  EXPECT_EQ(state_bytes(a, kParameters, 0).optimizer, state_bytes(b, kParameters, 0).optimizer);
}

// Experts live on their own grid: tp*cp*dp/(etp*ep) ranks hold the same ones.
TEST(States, ExpertsShardOverTheirOwnRanks) {
  Scenario scenario = training(Precision::bf16, GradientType::fp32, 1, 8);
  scenario.layout.tp = 2;
  scenario.layout.ep = 8;
  EXPECT_EQ(expert_replicas(scenario.layout), 2);
  EXPECT_EQ(state_bytes(scenario, 0, kParameters).total().n, kParameters * (6 + 12 / 2));
}

TEST(States, ShardsOfAllRanksHoldEveryElementAndLittleMore) {
  for (const std::int64_t parameters : {1LL, 7LL, 1'000'003LL, 405'853'388'800LL})
    for (const int d : {1, 2, 3, 64, 1000}) {
      const std::int64_t held =
          d * state_bytes(training(Precision::bf16, GradientType::fp32, 1, d), parameters, 0).optimizer.n;
      EXPECT_GE(held, 12 * parameters);
      EXPECT_LT(held, 12 * (parameters + d));
    }
}

}  // namespace
}  // namespace orrery::models

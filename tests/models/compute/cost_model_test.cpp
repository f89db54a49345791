#include "models/compute/cost_model.h"

#include <gtest/gtest.h>

#include "gpus.h"
#include "models/compute/gemm.h"

namespace orrery::models {
namespace {

Kernel gemm(std::int64_t size) {
  return {GemmShape{.m = size, .n = size, .k = size}};
}

TEST(CostModel, TimesAreWholeNanosecondsAndRepeat) {
  const CostModel model(h100(), {});
  for (std::int64_t size = 1; size < 9000; size += 97) {
    const Duration first = model.time(gemm(size)).time;
    EXPECT_EQ(first.count_ps() % 1000, 0);
    EXPECT_EQ(model.time(gemm(size)).time, first);
    EXPECT_EQ(first, Duration::from_seconds(gemm_seconds({.m = size, .n = size, .k = size}, h100(), 1)));
  }
}

TEST(CostModel, TheStacksSlowdownsReachTheirKernelsOnly) {
  Stack slow;
  slow.slowdown = {.gemm = 2, .attention = 1.5, .memory_bound = 1.25}, slow.attention_kernel = "flash-1";
  topology::GpuSpec gpu = h100();
  gpu.attention.kernel_slowdown["flash-1"] = 2;
  const CostModel plain(gpu, {}), slowed(gpu, slow);
  const Kernel attention{AttentionShape{.queries = 4096, .keys = 4096, .heads = 64, .kv_heads = 64, .head_dim = 128}};
  const Kernel norm{MemoryBoundShape{"rmsnorm", {1 << 28}}};
  EXPECT_NEAR(slowed.time(gemm(8192)).time.seconds() / plain.time(gemm(8192)).time.seconds(), 2, 0.01);
  EXPECT_NEAR(slowed.time(attention).time.seconds() / plain.time(attention).time.seconds(), 3, 0.1);
  EXPECT_NEAR(slowed.time(norm).time.seconds() / plain.time(norm).time.seconds(), 1.25, 0.01);
}

// A GPU that tells nothing of a kernel runs it as its table says.
TEST(CostModel, AKernelThatTheGpuDoesNotTellOfIsTheTables) {
  Stack stack;
  stack.attention_kernel = "flash-9";
  const Kernel attention{AttentionShape{.queries = 4096, .keys = 4096, .heads = 64, .kv_heads = 64, .head_dim = 128}};
  EXPECT_EQ(CostModel(h100(), stack).time(attention).time, CostModel(h100(), {}).time(attention).time);
}

// The power limit stretches what the tensor cores do, not the bytes that a narrow product waits for.
TEST(CostModel, SustainedClocksStretchWhatIsBoundByTheTensorCores) {
  topology::GpuSpec hot = h100();
  for (auto& [dtype, curve] : hot.gemm) curve.sustained = 1.25;
  const CostModel cold(h100(), {}), warm(hot, {});
  EXPECT_NEAR(warm.time(gemm(8192)).time.seconds() / cold.time(gemm(8192)).time.seconds(), 1.25, 0.01);
  const Kernel narrow{GemmShape{.m = 16, .n = 8192, .k = 8192}};
  EXPECT_NEAR(warm.time(narrow).time.seconds() / cold.time(narrow).time.seconds(), 1, 0.01);
}

// 67 MB at 0.5 x 3.35 TB/s after 7 us.
TEST(CostModel, AMemoryBoundFamilyTakesItsOwnCurveOrTheDefault) {
  topology::GpuSpec g = h100();
  g.memory_bound["rmsnorm"] = {0.5, Duration::us(7)};
  const CostModel model(g, {});
  EXPECT_NEAR(model.time({MemoryBoundShape{"rmsnorm", {67'000'000}}}).time.seconds(), 47e-6, 1e-9);
  EXPECT_EQ(model.time({MemoryBoundShape{"unheard of", {1000}}}).time,
            model.time({MemoryBoundShape{"default", {1000}}}).time);
  EXPECT_EQ(model.time({MemoryBoundShape{"rmsnorm", {0}}}).time, Duration());
}

TEST(CostModel, CurvesOfAnotherGpuAreSaidToBeWorse) {
  topology::GpuSpec g = h100();
  const KernelTime fitted = CostModel(g, {}).time(gemm(4096));
  g.fitted = false;
  const KernelTime transferred = CostModel(g, {}).time(gemm(4096));
  EXPECT_EQ(fitted.tier, 1);
  EXPECT_EQ(transferred.tier, 0);
  EXPECT_LT(transferred.low, fitted.low);
  EXPECT_GT(transferred.high, fitted.high);
  EXPECT_LT(fitted.low, fitted.time.seconds());
}

// Backward attention is five products to forward's two; half of the square is masked.
TEST(Kernel, CountsTheFlopsThatRun) {
  AttentionShape s{
      .queries = 4096, .keys = 4096, .heads = 8, .kv_heads = 8, .head_dim = 128, .value_dim = 128, .causal = false};
  const double full = Kernel{s}.flops().n;
  EXPECT_EQ(full, 4.0 * 8 * 4096 * 4096 * 128);
  s.backward = true;
  EXPECT_EQ(Kernel{s}.flops().n, 2.5 * full);
  s.backward = false, s.causal = true;
  EXPECT_EQ(Kernel{s}.flops().n, full * 33 / 64);
  EXPECT_EQ((Kernel{GemmShape{.batch = 3, .m = 2, .n = 5, .k = 7}}.flops().n), 2.0 * 3 * 2 * 5 * 7);
  EXPECT_EQ((Kernel{MemoryBoundShape{"adam", {1000}}}.flops().n), 0);
}

TEST(Kernel, ProductsAndAttentionFeelLostSmsTheRestFeelsLostBandwidth) {
  EXPECT_EQ(gemm(64).kernel_class(), sim::KernelClass::compute_bound);
  EXPECT_EQ((Kernel{AttentionShape{}}.kernel_class()), sim::KernelClass::compute_bound);
  EXPECT_EQ((Kernel{MemoryBoundShape{"adam", {1}}}.kernel_class()), sim::KernelClass::memory_bound);
}

}  // namespace
}  // namespace orrery::models

// What the charts of kernels and of transfers are drawn from.
#include <gtest/gtest.h>

#include <cmath>

#include "gui/model/ask/work/roofline.h"
#include "gui/model/ask/work/round_limits.h"
#include "gui/model/ask/work/transfers.h"
#include "gui/model/load/open_file.h"
#include "gui/model/result/result_page.h"
#include "models/run/run_scenario.h"
#include "report/result.h"
#include "tests/gui/model/trace_maker.h"

namespace orrery::gui {
namespace {

constexpr TimeRange kAll{0, INT64_MAX};

std::string charted(const std::string& name) {
  return std::string(ORRERY_SOURCE_DIR) + "/scenarios/" + name;
}

// No kernel of a run is faster than its GPU allows, and together they do the step's
// work: every rank of this one is simulated. Attention visits the 64 x 65 / 2 blocks on
// and under the diagonal of 8,192 tokens, where the step's FLOPs count 64 x 64 / 2; and
// its backward computes Q K^T again, a fifth product that they do not count.
TEST(Roofline, StaysBelowTheRoofAndAddsUpToTheStep) {
  OpenWatch watch;
  const auto opened = open_file(charted("bubble-4x8.yaml"), watch);
  ASSERT_TRUE(opened);
  const Roofline& roofline = *opened->roofline;
  ASSERT_FALSE(roofline.kernels.empty());
  ASSERT_FALSE(roofline.roofs.empty());
  double flops = 0;
  for (const KernelWork& kernel : roofline.kernels) {
    EXPECT_LT(kernel.rate(), roofline.limit(kernel)) << kernel.name;
    EXPECT_GT(kernel.rate(), 0) << kernel.name;
    const bool attention = kernel.name.find("attention") != std::string::npos;
    const bool backward = attention && kernel.name.find("backward") != std::string::npos;
    flops += kernel.flops * static_cast<double>(kernel.count) * (attention ? 64.0 / 65 : 1) * (backward ? 4.0 / 5 : 1);
  }
  const auto prepared = models::prepare(charted("bubble-4x8.yaml"), {});
  const models::Simulated simulated = models::simulate(*prepared, {});
  const report::Result result =
      report::make_result({prepared->scenario, prepared->compiled, simulated.ranks, prepared->workload().ranks(), 0});
  EXPECT_NEAR(flops / result.hardware_flops.n, 1, 0.001);
}

TEST(Roofline, TakesFromATraceWhatItSays) {
  TraceMaker maker;
  const auto track = maker.track(maker.process("GPU"), "stream 7");
  maker.slice(track, 0, 10, "gemm", "kernel", {{"flops", std::int64_t{2'000'000}}, {"bytes", std::int64_t{1'000}}});
  maker.slice(track, 20, 30, "gemm", "kernel", {{"flops", std::int64_t{2'000'000}}, {"bytes", std::int64_t{1'000}}});
  maker.slice(track, 60, 30, "copy", "kernel", {{"bytes", std::int64_t{1'000}}});
  const auto model = maker.finish();
  const Roofline roofline = roofline_of(*model);
  ASSERT_EQ(roofline.kernels.size(), 1u);
  EXPECT_EQ(roofline.kernels[0].count, 2u);
  EXPECT_DOUBLE_EQ(roofline.kernels[0].intensity(), 2'000);
  EXPECT_DOUBLE_EQ(roofline.kernels[0].rate(), 2e6 / 20e-6);
  EXPECT_EQ(roofline.limit(roofline.kernels[0]), 0) << "nobody knows the GPU";
  EXPECT_TRUE(roofline_of(*model, [](double) { return false; }).kernels.empty()) << "given up";
}

// Waiting for a late peer is no part of a transfer's time.
TEST(Transfers, AreByKindAndSizeWithoutWaiting) {
  TraceMaker maker;
  const auto track = maker.track(maker.process("rank 0"), "tp");
  const auto said = [](std::int64_t bytes, double waited_us) {
    return std::vector<interop::TraceArgument>{
        {"transfer", std::string_view("all-reduce")}, {"bytes", bytes}, {"waited_us", waited_us}};
  };
  maker.slice(track, 0, 100, "a", "tp", said(1'000'000, 90));
  maker.slice(track, 200, 30, "b", "tp", said(1'000'000, 0));
  maker.slice(track, 300, 50, "c", "tp", said(4'000'000, 0));
  maker.slice(track, 400, 50, "kernel", "compute", said(1, 0));
  const auto model = maker.finish();
  const std::vector<TransferSize> sizes = transfers_of(*model, kAll);
  ASSERT_EQ(sizes.size(), 2u);
  EXPECT_EQ(sizes[0].kind, "all-reduce");
  EXPECT_EQ(sizes[0].count, 2u);
  EXPECT_NEAR(sizes[0].bytes_per_s(), 2e6 / 40e-6, 1);
  EXPECT_NEAR(sizes[1].bytes_per_s(), 4e6 / 50e-6, 1);
  EXPECT_EQ(transfers_of(*model, {250'000, 500'000}).size(), 1u);
}

TEST(Transfers, UnderstandsWhatPyTorchSays) {
  TraceMaker maker;
  const auto track = maker.track(maker.process("GPU"), "stream 20");
  maker.slice(track, 0, 10, "ncclDevKernel_AllGather_RING_LL", "kernel",
              {{"Collective name", std::string_view("_allgather_base")},
               {"In msg nelems", std::int64_t{1'000}},
               {"Out msg nelems", std::int64_t{8'000}},
               {"dtype", std::string_view("BFloat16")}});
  const std::vector<TransferSize> sizes = transfers_of(*maker.finish(), kAll);
  ASSERT_EQ(sizes.size(), 1u);
  EXPECT_EQ(sizes[0].kind, "all-gather");
  EXPECT_EQ(sizes[0].bytes, 16'000);
}

TEST(Transfers, ArePairedByKindAndSize) {
  const std::vector<TransferSize> a = {{"all-reduce", 8, 1, 1}, {"all-reduce", 16, 1, 1}};
  const std::vector<TransferSize> b = {{"all-gather", 8, 1, 1}, {"all-reduce", 16, 1, 2}};
  const std::vector<TransferPair> pairs = pairs_of(a, b);
  ASSERT_EQ(pairs.size(), 3u);
  EXPECT_EQ(pairs[0].a, nullptr);
  EXPECT_EQ(pairs[1].b, nullptr);
  EXPECT_DOUBLE_EQ(pairs[2].b->bytes_per_s() / pairs[2].a->bytes_per_s(), 0.5);
}

// No end lies a whole step beyond the data, nor do data lie beyond an end.
TEST(RoundLimits, EndWhereTheDataEnd) {
  for (const double high : {1e-4, 0.031, 0.99, 1.0, 7.3, 79.1, 81.0, 1'338.0, 1'500.1, 2e6})
    for (const double low : {0.0, 0.4, 0.6, 0.93, 1.0}) {
      const RoundLimits limits = round_limits(low * high, high);
      EXPECT_GE(limits.high, high * (1 - 1e-9));
      EXPECT_LT(limits.high - limits.step, high);
      EXPECT_LE(limits.low, low * high * (1 + 1e-9));
      EXPECT_TRUE(low > 0.5 || limits.low == 0);
      EXPECT_TRUE(low < 0.5 || low == 1 || limits.low + limits.step > low * high);
      EXPECT_GE(limits.marks(), 4);
      EXPECT_LE(limits.marks(), 8);
      // Its marks are read as what they are.
      const double scale = std::pow(10, limits.decimals);
      EXPECT_NEAR(limits.step * scale, std::round(limits.step * scale), 1e-6);
    }
  EXPECT_DOUBLE_EQ(round_limits(360, 1'389).high, 1'400);
  EXPECT_GT(round_limits(0, 0).high, 0);
}

}  // namespace
}  // namespace orrery::gui

#include "models/compute/gemm.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "gpus.h"
#include "table_errors.h"

namespace orrery::models {
namespace {

double microseconds(const topology::GpuSpec& g, std::int64_t m, std::int64_t n, std::int64_t k) {
  return gemm_seconds({.m = m, .n = n, .k = k}, g, 1) * 1e6;
}

// Recomputed by hand from the fitted curves (docs/compute.md).
TEST(Gemm, FittedCurvesGiveTheirGoldenTimes) {
  EXPECT_NEAR(microseconds(h100(), 4096, 4096, 4096), 182.4, 0.05);
  EXPECT_NEAR(microseconds(a100(), 8192, 8192, 8192), 4490, 5);
}

TEST(Gemm, EmptyProductsTakeNoTime) {
  EXPECT_EQ(microseconds(h100(), 0, 4096, 4096), 0);
  EXPECT_EQ(microseconds(a100_with_waves(), 4096, 4096, 0), 0);
}

TEST(Gemm, NeverFallsWhenASizeGrows) {
  for (const auto& g : {a100(), a100_with_waves(), h100(), b200()})
    for (auto role : {GemmRole::forward, GemmRole::weight_gradient})
      for (int dimension = 0; dimension < 4; ++dimension) {
        double before = 0;
        for (std::int64_t size = 1; size < 40'000; size += 1 + size / 37) {
          GemmShape s{.batch = 2, .m = 1000, .n = 3000, .k = 500, .role = role};
          (dimension == 0 ? s.m : dimension == 1 ? s.n : dimension == 2 ? s.k : s.batch) = size;
          const double t = gemm_seconds(s, g, 1);
          EXPECT_GE(t, before) << "dimension " << dimension << " size " << size;
          before = t;
        }
      }
}

// One more row of tiles than fits in whole waves costs close to another wave.
TEST(Gemm, ALastWaveCostsOnAmpereAndNotOnHopper) {
  const auto step = [](const topology::GpuSpec& g) {
    const double full = microseconds(g, 108 * 128, 256, 4096);
    return microseconds(g, 108 * 128 + 1, 256, 4096) / full;
  };
  EXPECT_GT(step(a100_with_waves()), 1.15);
  EXPECT_LT(step(h100()), 1.001);
}

TEST(Gemm, NoFasterThanPeakNorThanMemory) {
  for (const auto& g : {a100(), a100_with_waves(), h100(), h200(), b200()})
    for (std::int64_t m : {1, 64, 1000, 4096, 32768})
      for (std::int64_t n : {64, 1000, 4096, 32768}) {
        const GemmShape s{.m = m, .n = n, .k = 4096};
        const double t = gemm_seconds(s, g, 1);
        EXPECT_GT(t, 2.0 * static_cast<double>(m) * static_cast<double>(n) * 4096 / g.peak.at(Dtype::bf16).n);
        EXPECT_GT(t, gemm_bytes(s) / static_cast<double>(g.memory_bandwidth.n));
      }
}

// Bytes of 2 x (m k + k n + m n); accumulating reads and writes fp32 instead.
TEST(Gemm, BytesCountEachOperandOnceAndAnAccumulatedOneTwice) {
  EXPECT_EQ(gemm_bytes({.m = 2, .n = 3, .k = 5}), 2 * (10 + 15 + 6));
  EXPECT_EQ(gemm_bytes({.batch = 7, .m = 2, .n = 3, .k = 5}), 7 * 2 * (10 + 15 + 6));
  EXPECT_EQ(gemm_bytes({.m = 2, .n = 3, .k = 5, .role = GemmRole::weight_gradient, .accumulate = true}),
            2 * (10 + 15) + 8 * 6);
}

// SimuMax's medians: 0.738 -> 0.704 on A100, 0.491 -> 0.476 on B200.
TEST(Gemm, WeightGradientsCostThreeToFivePercentMore) {
  for (const auto& g : {a100(), h100(), b200()}) {
    GemmShape s{.m = 8192, .n = 8192, .k = 8192};
    const double forward = gemm_seconds(s, g, 1);
    s.role = GemmRole::weight_gradient, s.accumulate = true;
    EXPECT_GT(gemm_seconds(s, g, 1) / forward, 1.025);
    EXPECT_LT(gemm_seconds(s, g, 1) / forward, 1.055);
  }
}

TEST(Gemm, QuantisationIsPaidByTheTwoProductsThatBringNewOperands) {
  GemmShape s{.m = 4096, .n = 4096, .k = 4096, .dtype = Dtype::fp8};
  const double forward = gemm_seconds(s, h100(), 1);
  s.role = GemmRole::data_gradient;
  EXPECT_EQ(gemm_seconds(s, h100(), 1), forward);
  s.role = GemmRole::weight_gradient;
  EXPECT_LT(gemm_seconds(s, h100(), 1), forward);
}

TEST(Gemm, AFormatWithoutACurveTakesItsNeighbours) {
  GemmShape s{.m = 4096, .n = 4096, .k = 4096};
  const double bf16 = gemm_seconds(s, h100(), 1);
  s.dtype = Dtype::fp16;
  EXPECT_EQ(gemm_seconds(s, h100(), 1), bf16);
  s.dtype = Dtype::mxfp8;
  EXPECT_LT(gemm_seconds(s, h100(), 1), bf16);
  s.dtype = Dtype::fp32;
  EXPECT_GT(gemm_seconds(s, h100(), 1), bf16);
}

TEST(Gemm, SlowdownStretchesTheCurveAndNotTheLaunch) {
  const GemmShape s{.m = 4096, .n = 4096, .k = 4096};
  EXPECT_NEAR(gemm_seconds(s, h100(), 1.5) - 3e-6, 1.5 * (gemm_seconds(s, h100(), 1) - 3e-6), 1e-12);
}

struct TableCase {
  const char *table, *dtype;
  topology::GpuSpec gpu;
  double mean, total;
};

// Else gtest prints it byte by byte.
void PrintTo(const TableCase& c, std::ostream* out) {
  *out << c.table << " " << c.dtype;
}

class GemmTables : public testing::TestWithParam<TableCase> {};

TEST_P(GemmTables, MeanAndSummedErrorAreAsPromised) {
  Errors errors = gemm_errors(GetParam().table, GetParam().gpu, GetParam().dtype);
  if (errors.each.empty()) GTEST_SKIP() << "shared data absent: kernels/" << GetParam().table;
  const double total = errors.predicted / errors.measured - 1;
  RecordProperty("mean", std::to_string(errors.mean()));
  std::printf("%s %s: %zu shapes, mean %.2f %%, median %.2f %%, summed %+.2f %%\n", GetParam().table, GetParam().dtype,
              errors.each.size(), 100 * errors.mean(), 100 * errors.median(), 100 * total);
  EXPECT_LE(errors.mean(), GetParam().mean);
  EXPECT_LE(std::abs(total), GetParam().total);
}

INSTANTIATE_TEST_SUITE_P(Public, GemmTables,
                         testing::Values(TableCase{"gemm_a100_sxm", "bf16", a100(), 0.08, 0.08},
                                         TableCase{"gemm_a100_sxm", "bf16", a100_with_waves(), 0.05, 0.03},
                                         TableCase{"gemm_h100_sxm", "bf16", h100(), 0.065, 0.08},
                                         TableCase{"gemm_h200_sxm", "bf16", h200(), 0.065, 0.08},
                                         TableCase{"gemm_b200_sxm", "bf16", b200(), 0.075, 0.08},
                                         TableCase{"gemm_h100_sxm", "fp8", h100(), 0.06, 0.08}));

}  // namespace
}  // namespace orrery::models

#include "validate/calibration/fit.h"

#include <gtest/gtest.h>

#include "models/compute/cost_model.h"
#include "models/compute/gemm.h"
#include "sim/base/random.h"
#include "tests/models/compute/gpus.h"
#include "tests/models/compute/table.h"
#include "validate/calibration/build.h"
#include "validate/calibration/kernel_table.h"
#include "validate/calibration/writer.h"

namespace orrery::validate {
namespace {

using models::GemmShape;
using models::KernelPoint;

// Log-spread products timed by `gpu`'s curve, with noise of a relative deviation.
std::vector<KernelPoint> timed_by(const topology::GpuSpec& gpu, int n, double noise) {
  const KeyedRandom random(7);
  std::vector<KernelPoint> points;
  for (int i = 0; i < n; ++i) {
    GemmShape s;
    const auto size = [&](int axis) {
      return std::int64_t{1} << (5 + random.bits(static_cast<std::uint64_t>(3 * i + axis)) % 10);
    };
    s.m = size(0), s.n = size(1), s.k = size(2) + i;
    const double draw = static_cast<double>(random.bits(static_cast<std::uint64_t>(100'000 + i)) % 2001) / 1000 - 1;
    const double seconds = models::gemm_seconds(s, gpu, 1) * (1 + noise * draw);
    points.push_back({{s}, {seconds, seconds, seconds, 1}});
  }
  return points;
}

TEST(FitGemm, FindsTheCurveThatMadeTheTimes) {
  topology::GpuSpec truth = models::h100();
  truth.gemm[models::Dtype::bf16] = models::curve(0.65, 0.9, 5.5, 1.8);
  const GemmFit fit = fit_gemm(models::h100(), timed_by(truth, 200, 0));
  EXPECT_NEAR(fit.curve.compute_efficiency, 0.65, 1e-3);
  EXPECT_NEAR(fit.curve.memory_efficiency, 0.9, 1e-3);
  EXPECT_NEAR(fit.curve.launch.seconds(), 5.5e-6, 1e-8);
  EXPECT_NEAR(fit.curve.exponent, 1.8, 1e-2);
  EXPECT_LT(fit.error, 1e-3);
}

// Noise of up to 5 % either way leaves efficiencies within 2 %, and one shape in
// twenty that takes three times as long moves them little more: the loss is robust.
TEST(FitGemm, IsNotBentByNoiseAndOutliers) {
  std::vector<KernelPoint> points = timed_by(models::h100(), 400, 0.05);
  const topology::GemmCurve noisy = fit_gemm(models::h100(), points).curve;
  EXPECT_NEAR(noisy.compute_efficiency, 0.78, 0.016);
  EXPECT_NEAR(noisy.memory_efficiency, 0.81, 0.016);
  for (std::size_t i = 0; i < points.size(); i += 20) points[i].seconds.value *= 3;
  const topology::GemmCurve robust = fit_gemm(models::h100(), points).curve;
  EXPECT_NEAR(robust.compute_efficiency, 0.78, 0.04);
  EXPECT_NEAR(robust.memory_efficiency, 0.81, 0.04);
}

// Products of a millisecond say nothing of the launch or of the bandwidth: both stay near what they were.
TEST(FitGemm, KeepsWhatItsPointsLeaveOpen) {
  std::vector<KernelPoint> large;
  for (const KernelPoint& p : timed_by(models::h100(), 400, 0.05))
    if (p.seconds.value > 300e-6) large.push_back(p);
  ASSERT_GT(large.size(), 20u);
  const topology::GemmCurve expected = models::h100().gemm.at(models::Dtype::bf16);
  const topology::GemmCurve fitted = fit_gemm(models::h100(), large).curve;
  EXPECT_NEAR(fitted.launch.seconds() / expected.launch.seconds(), 1, 0.5);
  EXPECT_NEAR(fitted.memory_efficiency / expected.memory_efficiency, 1, 0.3);
}

// Three small kernels are no line; that they take long says little of the bandwidth, which large ones of other
// families have shown.
TEST(FitLine, StaysNearTheExpectedWhereFewPointsLeaveItOpen) {
  const Line expected{2e-6, 1 / 2.4e12};
  const Line of_small = fit_line_near(expected, {{1 << 18, 5e-6}, {1 << 21, 13e-6}, {1 << 24, 41e-6}});
  EXPECT_LT(of_small.slope, 2 * expected.slope);
  EXPECT_GT(of_small.intercept, 2 * expected.intercept);
  // Kernels of both ends are believed.
  std::vector<std::pair<double, double>> line;
  for (double bytes = 1 << 18; bytes < 2e9; bytes *= 8) line.emplace_back(bytes, 8e-6 + bytes / 1.2e12);
  EXPECT_NEAR(fit_line_near(expected, line).slope * 1.2e12, 1, 0.03);
  EXPECT_NEAR(fit_line_near(expected, line).intercept / 8e-6, 1, 0.1);
  // Nothing was timed.
  EXPECT_DOUBLE_EQ(fit_line_near(expected, {}).slope, expected.slope);
}

TEST(FitLine, FindsLatencyAndBandwidth) {
  std::vector<std::pair<double, double>> points;
  for (double bytes = 8; bytes < 2e9; bytes *= 2) points.emplace_back(bytes, 12e-6 + bytes / 300e9);
  const Line line = fit_line(points);
  EXPECT_NEAR(line.intercept, 12e-6, 1e-12);
  EXPECT_NEAR(1 / line.slope, 300e9, 1e3);
  EXPECT_NEAR(line.r2, 1, 1e-9);
  EXPECT_LT(line.error, 1e-9);
}

// Times that fall with the size would ask for a latency or a bandwidth below zero.
TEST(FitLine, NeverGoesBelowZero) {
  for (const auto& points : {std::vector<std::pair<double, double>>{{1, 5}, {10, 1}}, {{1, 1}, {2, 5}}, {{4, 2}}}) {
    const Line line = fit_line(points);
    EXPECT_GE(line.intercept, 0);
    EXPECT_GE(line.slope, 0);
    EXPECT_GT(line.intercept + line.slope, 0);
  }
}

// The way through: a table of text, a calibration, its file, and back into costs.
TEST(Calibration, ATableOfKernelsComesBackAsCosts) {
  std::string csv = "dtype,m,n,k,t_us,note\n";
  for (const KernelPoint& p : timed_by(models::a100(), 64, 0.1)) {
    const auto& s = std::get<GemmShape>(p.kernel.shape);
    csv += "bf16," + std::to_string(s.m) + ',' + std::to_string(s.n) + ',' + std::to_string(s.k) + ',' +
           std::to_string(p.seconds.value * 1e6) + ",x\n";
  }
  const auto table = parse_kernel_table(csv, "gemm.csv");
  ASSERT_TRUE(table.ok());
  topology::GpuSpec gpu = models::h100();
  gpu.name = "h100-sxm-80gb";
  const models::Calibration built = build_calibration(gpu, *table);
  ASSERT_TRUE(built.gemm.contains(models::Dtype::bf16));
  const auto read = models::parse_calibration(calibration_json(built), "c.json");
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->gpu, "h100-sxm-80gb");
  const models::CostModel costs(gpu, {}, &*read);
  for (const KernelPoint& p : *table) {
    const models::KernelTime time = costs.time(p.kernel);
    EXPECT_EQ(time.tier, 3);
    EXPECT_NEAR(time.time.seconds(), p.seconds.value, 1e-9);
  }
}

TEST(Calibration, OfManyPointsTheSameFewAreKept) {
  const std::vector<KernelPoint> points = timed_by(models::h100(), 300, 0.02);
  const models::Calibration a = build_calibration(models::h100(), points, {50, 1});
  EXPECT_EQ(a.kernels.size(), 50u);
  EXPECT_EQ(a.kernels, build_calibration(models::h100(), points, {50, 1}).kernels);
}

// As many products as a calibration spreads, here every so-manieth of a measured table,
// predict the others.
TEST(Calibration, AHundredAndTwentyEightShapesPredictTheOthers) {
  const auto rows = models::read_table("gemm_h200_sxm");
  if (rows.empty()) GTEST_SKIP() << "no data/kernels/gemm_h200_sxm";
  std::vector<KernelPoint> all, seen;
  for (std::size_t i = 1; i < rows.size(); ++i) {
    if (rows[i][0] != "bf16") continue;
    GemmShape s;
    s.m = std::stoll(rows[i][1]), s.n = std::stoll(rows[i][2]), s.k = std::stoll(rows[i][3]);
    const double seconds = std::stod(rows[i][4]) * 1e-6;
    if (s.m >= 512 && s.n >= 512 && s.k >= 512) all.push_back({{s}, {seconds, seconds, seconds, 1}});
  }
  for (std::size_t i = 0; i < 128; ++i) seen.push_back(all[(2 * i + 1) * all.size() / 256]);
  const topology::GpuSpec gpu = models::gpu(989e12, 4.8e12, 132, 90, models::curve(0.5, 0.5, 5, 1.5));
  const models::Calibration calibration = build_calibration(gpu, seen);
  const models::CostModel costs(gpu, {}, &calibration);
  models::Errors errors;
  for (const KernelPoint& p : all)
    if (costs.time(p.kernel).tier == 2) errors.add(costs.time(p.kernel).time.seconds(), p.seconds.value);
  ASSERT_GT(errors.each.size(), 5000u);
  EXPECT_LT(errors.mean(), 0.05);
}

// Half of the shapes calibrate, the other half are predicted: far nearer than the
// curve alone, and within what docs/compute.md expects of measured neighbours.
TEST(Calibration, PredictsMeasuredKernelsThatItHasNotSeen) {
  const auto rows = models::read_table("gemm_h200_sxm");
  if (rows.empty()) GTEST_SKIP() << "no data/kernels/gemm_h200_sxm";
  std::string seen = "m,n,k,t_us\n";
  std::vector<KernelPoint> held_back;
  for (std::size_t i = 1; i < rows.size(); ++i) {
    if (rows[i][0] != "bf16") continue;
    GemmShape s;
    s.m = std::stoll(rows[i][1]), s.n = std::stoll(rows[i][2]), s.k = std::stoll(rows[i][3]);
    if (s.m < 512 || s.n < 512 || s.k < 512) continue;
    if ((s.n / 512 + s.k / 512) % 2 == 0)
      seen += rows[i][1] + ',' + rows[i][2] + ',' + rows[i][3] + ',' + rows[i][4] + '\n';
    else
      held_back.push_back({{s}, {std::stod(rows[i][4]) * 1e-6, 0, 0, 1}});
  }
  topology::GpuSpec gpu = models::gpu(989e12, 4.8e12, 132, 90, models::curve(0.5, 0.5, 5, 1.5));
  const auto table = parse_kernel_table(seen, "h200.csv");
  ASSERT_TRUE(table.ok());
  const models::Calibration calibration = build_calibration(gpu, *table, {1'000'000, 1});
  const models::CostModel costs(gpu, {}, &calibration);
  models::Errors errors;
  for (const KernelPoint& p : held_back) errors.add(costs.time(p.kernel).time.seconds(), p.seconds.value);
  ASSERT_GT(held_back.size(), 1000u);
  EXPECT_LT(errors.mean(), 0.055);
}

}  // namespace
}  // namespace orrery::validate

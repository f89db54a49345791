#include "models/compute/calibration/calibration.h"

#include <gtest/gtest.h>

#include "gpus.h"
#include "models/compute/attention.h"
#include "models/compute/cost_model.h"
#include "models/compute/gemm.h"
#include "models/compute/memory_bound.h"

namespace orrery::models {
namespace {

std::string first_fault(const std::string& text) {
  const auto read = parse_calibration(text, "c.json");
  return read.ok() ? "" : to_string(read.errors().front());
}

std::string with(const std::string& section) {
  return R"({"schema": "orrery-calibration/1", "machine": {"gpu": "h100-sxm-80gb"},
)" + section +
         "}";
}

GemmShape product(std::int64_t m, std::int64_t n, std::int64_t k) {
  GemmShape s;
  s.m = m, s.n = n, s.k = k;
  return s;
}

TEST(Calibration, ReadsWhatItIsGiven) {
  const auto read =
      parse_calibration(with(R"("peaks": {"gemm.bf16": {"value": 8e14, "low": 7.9e14, "high": 8.1e14, "samples": 30}},
"gemm": {"curve": {"bf16": {"ec": 0.7, "em": 0.8, "t0_us": 3.5, "p": 2.5}},
         "points": [{"dtype": "bf16", "role": "weight_gradient", "m": 128, "n": 256, "k": 512, "accumulate": true, "us": 7.5, "low": 7.4, "high": 7.8}]},
"memory_bound": {"rmsnorm": {"em": 0.6, "t0_us": 5, "points": [{"bytes": 1048576, "us": 6}]}})"),
                        "c.json");
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->peaks.at("gemm.bf16"), (Interval{8e14, 7.9e14, 8.1e14, 30}));
  EXPECT_EQ(read->gemm.at(Dtype::bf16).launch, Duration::ns(3500));
  ASSERT_EQ(read->kernels.size(), 2u);
  EXPECT_DOUBLE_EQ(read->kernels[0].seconds.high, 7.8e-6);
  EXPECT_EQ(std::get<GemmShape>(read->kernels[0].kernel.shape).role, GemmRole::weight_gradient);
}

TEST(Calibration, EveryFaultHasItsPlace) {
  EXPECT_EQ(first_fault("{}"), "c.json:1:1: 'calibration' needs 'schema'");
  EXPECT_EQ(first_fault(R"({"schema": "orrery-calibration/2"})"),
            "c.json:1:12: schema 'orrery-calibration/2' is not one that is read here; orrery-calibration/1 is");
  EXPECT_EQ(first_fault(with(R"("gemn": {})")),
            "c.json:2:1: unknown key 'gemn' in 'calibration'; did you mean 'gemm'?");
  EXPECT_EQ(first_fault(with(R"("interference": {"by_moonlight": {"value": 0.1}})")),
            "c.json:2:18: 'by_moonlight' is not known in 'interference'");
  EXPECT_NE(
      first_fault(with(R"("interference": {"compute_bound_by_collective": {"value": 1000}})")).find("at most 100"),
      std::string::npos);
  EXPECT_NE(first_fault(with(R"("gemm": {"points": [{"dtype": "bf16", "m": 1, "n": 1, "k": 1, "us": -3}]})"))
                .find("'us' is -3"),
            std::string::npos);
  EXPECT_NE(
      first_fault(with(R"("gemm": {"points": [{"dtype": "bf17", "m": 1, "n": 1, "k": 1, "us": 3}]})")).find("'bf17'"),
      std::string::npos);
  EXPECT_NE(first_fault(with(R"("launch": {"eager_s": {"value": 3, "low": 4}})")).find("low <= value <= high"),
            std::string::npos);
  EXPECT_NE(first_fault(with(R"("memory_bound": {"rope": {"points": [{"bytes": 8, "us": 1}, {"bytes": 8, "us": 2}]}})"))
                .find("measured twice"),
            std::string::npos);
}

TEST(CostModel, AMeasuredKernelTakesWhatWasMeasured) {
  Calibration calibration;
  calibration.kernels = {{{product(4096, 4096, 4096)}, {200e-6, 190e-6, 210e-6, 30}}};
  Stack slow;
  slow.slowdown.gemm = 1.5;
  const KernelTime time = CostModel(h100(), slow, &calibration).time({product(4096, 4096, 4096)});
  EXPECT_EQ(time.time, Duration::us(200));
  EXPECT_EQ(time.tier, 3);
  EXPECT_EQ(time.low, 190e-6);
}

// All that was measured takes a fifth longer than the curve: so does what lies between and beyond.
TEST(CostModel, NeighboursCorrectTheCurve) {
  Calibration calibration;
  for (std::int64_t size = 512; size <= 8192; size *= 2) {
    const double seconds = 1.2 * gemm_seconds(product(size, size, size), h100(), 1);
    calibration.kernels.push_back({{product(size, size, size)}, {seconds, seconds, seconds, 1}});
  }
  const CostModel measured(h100(), {}, &calibration), curve(h100(), {});
  for (const std::int64_t size : {64, 700, 3000, 20000}) {
    const KernelTime time = measured.time({product(size, size, size)});
    EXPECT_EQ(time.tier, 2);
    EXPECT_NEAR(time.time.seconds() / curve.time({product(size, size, size)}).time.seconds(), 1.2, 2e-3);
  }
  // So do its gradients. Another format was not measured: the curve alone.
  GemmShape other = product(700, 700, 700);
  other.role = GemmRole::weight_gradient;
  EXPECT_NEAR(measured.time({other}).time.seconds() / curve.time({other}).time.seconds(), 1.2, 2e-3);
  other.dtype = Dtype::fp8;
  EXPECT_EQ(measured.time({other}).tier, 1);
}

// A thousand drawings of a kernel that takes 190 to 210 us in 19 of 20 cases.
TEST(CostModel, DrawsFromTheIntervalOfAKernel) {
  Calibration calibration;
  calibration.kernels = {{{product(4096, 4096, 4096)}, {200e-6, 190e-6, 210e-6, 30}}};
  const auto drawn = [&](std::uint64_t number) {
    return CostModel(h100(), {}, &calibration, {1, number}).time({product(4096, 4096, 4096)}).time.seconds();
  };
  EXPECT_DOUBLE_EQ(drawn(0), 200e-6);
  EXPECT_EQ(drawn(7), drawn(7));
  int inside = 0, below = 0;
  for (std::uint64_t number = 1; number <= 1000; ++number) {
    inside += 190e-6 <= drawn(number) && drawn(number) <= 210e-6;
    below += drawn(number) < 200e-6;
  }
  EXPECT_NEAR(inside, 950, 25);
  EXPECT_NEAR(below, 500, 60);
}

// A file that times transfers alone says nothing of how products run under this software.
TEST(CostModel, WhatWasNotMeasuredKeepsTheSoftwaresSlowdown) {
  Stack slow;
  slow.slowdown.gemm = 1.5;
  const Calibration transfers_only;
  const Kernel kernel{product(4096, 4096, 4096)};
  EXPECT_EQ(CostModel(h100(), slow, &transfers_only).time(kernel).time, CostModel(h100(), slow).time(kernel).time);
}

// Three families that take twice as long on these few SMs: so does a fourth. Two alone may have other kernels.
TEST(CostModel, AFamilyThatWasNotTimedIsOffItsCurveAsTheOthers) {
  const MemoryBoundShape untimed{"softmax", {1 << 30}};
  const double shipped = memory_bound_seconds(untimed, h100());
  Calibration calibration;
  for (const char* family : {"gelu", "rope", "rmsnorm"}) {
    EXPECT_NEAR(CostModel(h100(), {}, &calibration).time({untimed}).time.seconds() / shipped, 1, 1e-4) << family;
    const MemoryBoundShape timed{family, {1 << 28}};
    const double seconds = 2 * memory_bound_seconds(timed, h100());
    calibration.kernels.push_back({{timed}, {seconds, seconds, seconds, 1}});
  }
  const KernelTime time = CostModel(h100(), {}, &calibration).time({untimed});
  EXPECT_EQ(time.tier, 1);
  EXPECT_NEAR(time.time.seconds() / shipped, 2, 0.05);
}

// Where heads of keys are dealt to SMs, what four of them lost in length tells what two lose in another one.
TEST(CostModel, AttentionLearnsWhatFewHeadsCost) {
  const auto attention = [](std::int64_t length, std::int64_t kv_heads) {
    return AttentionShape{.queries = length,
                          .keys = length,
                          .heads = 32,
                          .kv_heads = kv_heads,
                          .head_dim = 128,
                          .value_dim = 128,
                          .backward = true};
  };
  const auto truth = [&](const AttentionShape& s) {
    const double tiles = static_cast<double>(s.kv_heads * s.keys) / 128;
    return attention_seconds(s, h100(), 1) * (1 + h100().sms / tiles);
  };
  Calibration calibration;
  for (const std::int64_t length : {2048, 8192})
    for (const std::int64_t kv_heads : {4, 8, 16, 32}) {
      const AttentionShape s = attention(length, kv_heads);
      calibration.kernels.push_back({{s}, {truth(s), truth(s), truth(s), 1}});
    }
  const CostModel costs(h100(), {}, &calibration);
  for (const std::int64_t kv_heads : {1, 2})
    EXPECT_NEAR(costs.time({attention(4096, kv_heads)}).time.seconds() / truth(attention(4096, kv_heads)), 1, 0.12);
}

TEST(CostModel, MeasuredCurvesStandInForShippedOnes) {
  Calibration calibration;
  calibration.gemm[Dtype::bf16] = curve(0.39, 0.405, 3.0, 2.56);
  calibration.memory_bound["rmsnorm"] = {0.25, Duration::us(3)};
  const CostModel measured(h100(), {}, &calibration);
  EXPECT_NEAR(measured.time({product(8192, 8192, 8192)}).time.seconds() /
                  CostModel(h100(), {}).time({product(8192, 8192, 8192)}).time.seconds(),
              2, 0.01);
  EXPECT_NEAR(measured.time({MemoryBoundShape{"rmsnorm", {335'000'000}}}).time.seconds(), 403e-6, 1e-9);
}

}  // namespace
}  // namespace orrery::models

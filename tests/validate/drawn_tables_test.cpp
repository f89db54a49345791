// Kernels that others measured: a few, drawn from a table, predict the rest of it. Nothing in the model may suit our
// own measurements alone.
#include <gtest/gtest.h>

#include <cstdio>

#include "models/compute/cost_model.h"
#include "sim/base/random.h"
#include "topology/catalogue.h"
#include "validate/calibration/build.h"
#include "validate/calibration/kernel_table.h"

namespace orrery::validate {
namespace {

using models::GemmShape;
using models::KernelPoint;

constexpr std::size_t kAsked = 600;  // of those that were not drawn

// Products with all sizes from 512 on, of one format; attention from 512 tokens on, heads of up to 256.
bool is_of_training(const models::Kernel& kernel, models::Dtype dtype) {
  if (const auto* s = std::get_if<GemmShape>(&kernel.shape))
    return s->dtype == dtype && s->m >= 512 && s->n >= 512 && s->k >= 512;
  const auto& s = std::get<models::AttentionShape>(kernel.shape);
  return s.dtype == dtype && s.queries >= 512 && s.head_dim <= 256;
}

std::vector<KernelPoint> shuffled_table(const std::string& table, models::Dtype dtype) {
  const auto read = read_kernel_table(std::string(ORRERY_SHARED_DATA) + "/kernels/" + table + ".csv.gz");
  std::vector<KernelPoint> points;
  if (!read.ok()) return points;
  for (const KernelPoint& point : *read)
    if (is_of_training(point.kernel, dtype)) points.push_back(point);
  const KeyedRandom random(11);
  for (std::size_t i = points.size(); i > 1; --i) std::swap(points[i - 1], points[random.bits(i) % i]);
  return points;
}

struct Prediction {
  double mean = 0, covered = 0;  // mean absolute error; share within the interval that is told
};

Prediction predict(const std::vector<KernelPoint>& points, std::size_t drawn, const topology::GpuSpec& gpu) {
  models::Calibration told;
  told.kernels.assign(points.begin(), points.begin() + static_cast<std::ptrdiff_t>(drawn));
  const models::Calibration fitted = with_curves(gpu, std::move(told));
  const models::CostModel costs(gpu, {}, &fitted);
  Prediction out;
  for (std::size_t i = drawn; i < drawn + kAsked; ++i) {
    const models::KernelTime time = costs.time(points[i].kernel);
    const double measured = points[i].seconds.value;
    out.mean += std::abs(time.time.seconds() / measured - 1) / kAsked;
    out.covered += (time.low <= measured && measured <= time.high ? 1.0 : 0.0) / kAsked;
  }
  return out;
}

struct Drawn {
  const char *table, *gpu;
  models::Dtype dtype;
  double with_64, with_256;  // mean error

  friend void PrintTo(const Drawn& drawn, std::ostream* out) { *out << drawn.table << ' ' << to_string(drawn.dtype); }
};

class DrawnTables : public testing::TestWithParam<Drawn> {};

TEST_P(DrawnTables, PredictTheRest) {
  const Drawn& drawn = GetParam();
  const std::vector<KernelPoint> points = shuffled_table(drawn.table, drawn.dtype);
  if (points.empty()) GTEST_SKIP() << "no data/kernels/" << drawn.table;
  const SearchPath presets({std::string(ORRERY_SOURCE_DIR) + "/scenarios"});
  const auto gpu = topology::read_gpu(parse_document(drawn.gpu, "test").value(), presets);
  ASSERT_TRUE(gpu.ok());
  const Prediction few = predict(points, 64, *gpu), many = predict(points, 256, *gpu);
  std::printf("%s %s: mean %.2f %% of 64, %.2f %% of 256; %.0f and %.0f %% within their interval\n", drawn.table,
              std::string(to_string(drawn.dtype)).c_str(), 100 * few.mean, 100 * many.mean, 100 * few.covered,
              100 * many.covered);
  EXPECT_LT(few.mean, drawn.with_64);
  EXPECT_LT(many.mean, drawn.with_256);
  EXPECT_GT(few.covered, 0.85);
  EXPECT_GT(many.covered, 0.85);
}

using models::Dtype;
INSTANTIATE_TEST_SUITE_P(Kernels, DrawnTables,
                         testing::Values(Drawn{"gemm_a100_sxm", "a100-sxm-80gb", Dtype::bf16, 0.046, 0.047},
                                         Drawn{"gemm_h100_sxm", "h100-sxm-80gb", Dtype::bf16, 0.062, 0.051},
                                         Drawn{"gemm_h200_sxm", "h200-sxm-141gb", Dtype::bf16, 0.05, 0.043},
                                         Drawn{"gemm_b200_sxm", "b200-sxm-180gb", Dtype::bf16, 0.062, 0.058},
                                         Drawn{"gemm_h100_sxm", "h100-sxm-80gb", Dtype::fp8, 0.04, 0.033},
                                         Drawn{"gemm_h200_sxm", "h200-sxm-141gb", Dtype::fp8, 0.033, 0.028},
                                         Drawn{"gemm_b200_sxm", "b200-sxm-180gb", Dtype::fp8, 0.046, 0.043},
                                         Drawn{"attn_fwd_a100_sxm", "a100-sxm-80gb", Dtype::bf16, 0.039, 0.028},
                                         Drawn{"attn_fwd_h100_sxm", "h100-sxm-80gb", Dtype::bf16, 0.061, 0.054},
                                         Drawn{"attn_fwd_h200_sxm", "h200-sxm-141gb", Dtype::bf16, 0.06, 0.05},
                                         Drawn{"attn_fwd_b200_sxm", "b200-sxm-180gb", Dtype::bf16, 0.057, 0.043}));

}  // namespace
}  // namespace orrery::validate

// Kernels of our own measurements, each predicted by a calibration that was told of all others.
#include <gtest/gtest.h>

#include <map>

#include "models/compute/cost_model.h"
#include "topology/catalogue.h"
#include "validate/calibration/build.h"

namespace orrery::validate {
namespace {

using models::Kernel;

std::string kind_of(const Kernel& kernel) {
  if (const auto* gemm = std::get_if<models::GemmShape>(&kernel.shape)) return std::string(to_string(gemm->dtype));
  if (std::holds_alternative<models::MemoryBoundShape>(kernel.shape)) return "memory-bound";
  return "attention";
}

// |predicted / measured - 1| of every kernel, by kind.
std::map<std::string, std::vector<double>> errors_of(const std::string& name) {
  const auto all = models::read_calibration(std::string(ORRERY_SOURCE_DIR) + "/scenarios/calibrations/" + name);
  EXPECT_TRUE(all.ok());
  const SearchPath presets({std::string(ORRERY_SOURCE_DIR) + "/scenarios"});
  const auto gpu = topology::read_gpu(parse_document(all->gpu, "test").value(), presets);
  EXPECT_TRUE(gpu.ok());
  std::map<std::string, std::vector<double>> errors;
  for (std::size_t i = 0; i < all->kernels.size(); ++i) {
    models::Calibration others = *all;
    others.gemm.clear();
    others.memory_bound.clear();
    others.kernels.erase(others.kernels.begin() + static_cast<std::ptrdiff_t>(i));
    const models::Calibration fitted = with_curves(*gpu, std::move(others));
    const models::KernelPoint& held = all->kernels[i];
    const double predicted = models::CostModel(*gpu, {}, &fitted).time(held.kernel).time.seconds();
    errors[kind_of(held.kernel)].push_back(std::abs(predicted / held.seconds.value - 1));
  }
  return errors;
}

double mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double v : values) sum += v;
  return sum / static_cast<double>(values.size());
}

// The calibration had four minutes: a third of its attention shapes (one kernel of ours, whose backward pass
// is slow where few heads hold keys) and a quarter of its products of bf16, which are what a layer consists of.
TEST(HeldOut, KernelsOfAnH100) {
  const auto errors = errors_of("h100-sxm-80gb-2026-11-27.json");
  EXPECT_LT(mean(errors.at("bf16")), 0.03);
  EXPECT_LT(mean(errors.at("memory-bound")), 0.065);
  EXPECT_LT(mean(errors.at("attention")), 0.17);
  EXPECT_LT(mean(errors.at("fp16")), 0.065);
  EXPECT_LT(mean(errors.at("fp8")), 0.11);
  EXPECT_LT(mean(errors.at("tf32")), 0.075);
}

}  // namespace
}  // namespace orrery::validate

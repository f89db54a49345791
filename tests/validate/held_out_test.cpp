// Kernels of our own measurements, each predicted by a calibration that was told of all others.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
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

// A kernel as a calibration that was told of all others predicts it.
struct Held {
  Kernel kernel;
  models::KernelTime predicted;
  double measured = 0;

  double error() const { return std::abs(predicted.time.seconds() / measured - 1); }
  bool covered() const { return predicted.low <= measured && measured <= predicted.high; }
};

std::vector<Held> held_out_of(const std::string& path) {
  const auto all = models::read_calibration(std::string(ORRERY_SOURCE_DIR) + "/" + path);
  EXPECT_TRUE(all.ok());
  const SearchPath presets({std::string(ORRERY_SOURCE_DIR) + "/scenarios"});
  const auto gpu = topology::read_gpu(parse_document(all->gpu, "test").value(), presets);
  EXPECT_TRUE(gpu.ok());
  std::vector<Held> held;
  for (std::size_t i = 0; i < all->kernels.size(); ++i) {
    models::Calibration others = *all;
    others.gemm.clear();
    others.memory_bound.clear();
    others.kernels.erase(others.kernels.begin() + static_cast<std::ptrdiff_t>(i));
    const models::Calibration fitted = with_curves(*gpu, std::move(others));
    const models::KernelPoint& point = all->kernels[i];
    held.push_back({point.kernel, models::CostModel(*gpu, {}, &fitted).time(point.kernel), point.seconds.value});
  }
  return held;
}

struct Summary {
  std::vector<double> errors;
  int told = 0, covered = 0;  // told: with an interval of their neighbours

  double mean() const {
    double sum = 0;
    for (const double error : errors) sum += error;
    return sum / static_cast<double>(errors.size());
  }
  double median() const {
    std::vector<double> sorted = errors;
    std::sort(sorted.begin(), sorted.end());
    return sorted[sorted.size() / 2];
  }
};

std::map<std::string, Summary> by_kind(const std::vector<Held>& held) {
  std::map<std::string, Summary> kinds;
  for (const Held& h : held) {
    Summary& kind = kinds[kind_of(h.kernel)];
    kind.errors.push_back(h.error());
    kind.told += h.predicted.tier == 2;
    kind.covered += h.predicted.tier == 2 && h.covered();
  }
  for (const auto& [name, kind] : kinds)
    std::printf("  %s: %zu kernels, mean %.1f %%, median %.1f %%, %d of %d within their interval\n", name.c_str(),
                kind.errors.size(), 100 * kind.mean(), 100 * kind.median(), kind.covered, kind.told);
  return kinds;
}

// Mean errors of kinds, and nine of ten kernels within the interval that is told with them (it is meant to hold 19 of
// 20; errors have longer tails than the normal distribution).
void expect_within(const std::string& path, const std::map<std::string, double>& bars) {
  SCOPED_TRACE(path);
  std::printf("%s\n", path.c_str());
  const auto kinds = by_kind(held_out_of(path));
  int told = 0, covered = 0;
  for (const auto& [name, kind] : kinds) {
    told += kind.told, covered += kind.covered;
  }
  for (const auto& [name, bar] : bars) EXPECT_LT(kinds.at(name).mean(), bar) << name;
  EXPECT_GE(covered, 0.85 * told);
  EXPECT_LE(covered, 0.995 * told);
}

// The whole chip. A third of its attention shapes (one kernel of ours, whose backward pass is slow where few heads hold
// keys) and a quarter of its products of bf16, which are what a layer consists of, were timed in four minutes.
TEST(HeldOut, KernelsOfAnH100) {
  expect_within("scenarios/calibrations/h100-sxm-80gb-2026-11-27.json", {{"bf16", 0.029},
                                                                         {"fp16", 0.058},
                                                                         {"fp8", 0.088},
                                                                         {"tf32", 0.071},
                                                                         {"memory-bound", 0.036},
                                                                         {"attention", 0.092}});
}

// Other kernels of ours, and fewer of them: sixteen products in fp16 and in tf32.
TEST(HeldOut, KernelsOfTheDayBefore) {
  expect_within("scenarios/calibrations/h100-sxm-80gb-2026-11-26.json",
                {{"bf16", 0.026}, {"fp16", 0.084}, {"tf32", 0.09}, {"memory-bound", 0.058}, {"attention", 0.11}});
}

// Ranks that share a GPU are several times slower than the curves of a whole one.
TEST(HeldOut, KernelsOfAFewSms) {
  const std::string results = "validate/results/h100-2026-11-";
  expect_within(results + "26/calibration-4x16.json", {{"bf16", 0.024}, {"memory-bound", 0.046}, {"attention", 0.14}});
  expect_within(results + "27/calibration-4x16.json", {{"bf16", 0.04}, {"memory-bound", 0.051}, {"attention", 0.24}});
  expect_within(results + "26/calibration-4x16-first.json",
                {{"bf16", 0.023}, {"memory-bound", 0.054}, {"attention", 0.09}});
  expect_within(results + "26/calibration-8x8.json", {{"bf16", 0.02}, {"memory-bound", 0.076}});
  expect_within(results + "27/calibration-8x8.json", {{"bf16", 0.02}, {"memory-bound", 0.051}});
}

}  // namespace
}  // namespace orrery::validate

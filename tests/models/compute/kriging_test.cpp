#include "models/compute/calibration/kriging.h"

#include <gtest/gtest.h>

#include <cmath>

#include "sim/base/random.h"

namespace orrery::models {
namespace {

constexpr Spread kSpread{.common = 5, .apart = 0.3, .trend = 0.3, .near = 0.3, .free = 1, .noise = 0.04};

Place place(double x, double y = 0) {
  return {.at = {x, y}};
}

// Ten measurements of one place on the left weigh no more against one on the right than one would. (In a mean
// weighted by distance they win ten to one: 0.16.)
TEST(Kriging, MeasuringAPlaceAgainDoesNotOutweighAnother) {
  Kriging once(kSpread), often(kSpread);
  once.add(place(-1), 0.2), once.add(place(1), -0.2);
  for (int i = 0; i < 10; ++i) often.add(place(-1), 0.2);
  often.add(place(1), -0.2);
  EXPECT_NEAR(once.at(place(0)).difference, 0, 1e-12);
  EXPECT_NEAR(often.at(place(0)).difference, 0, 0.03);
}

TEST(Kriging, FarFromAllTheCommonDifferenceIsLeft) {
  Kriging kriging(kSpread);
  for (int x = -4; x <= 4; ++x) kriging.add(place(x), 0.5 + 0.1 * (x % 2));
  EXPECT_NEAR(kriging.at(place(1e4)).difference, 0.5, 0.03);
  EXPECT_GT(kriging.at(place(1e4)).error, kriging.at(place(8)).error);
  EXPECT_GT(kriging.at(place(8)).error, kriging.at(place(0.5)).error);
}

TEST(Kriging, MirroredDifferencesGiveMirroredEstimates) {
  const KeyedRandom random(3);
  Kriging kriging(kSpread), mirrored(kSpread);
  for (std::uint64_t i = 0; i < 20; ++i) {
    const double x = static_cast<double>(random.bits(i) % 100) / 10, r = static_cast<double>(random.bits(99 + i) % 7);
    kriging.add(place(x, 3), r), mirrored.add(place(-x, -3), -r);
  }
  EXPECT_DOUBLE_EQ(kriging.at(place(4, 2)).difference, -mirrored.at(place(-4, -2)).difference);
  EXPECT_DOUBLE_EQ(kriging.at(place(4, 2)).error, mirrored.at(place(-4, -2)).error);
}

TEST(Kriging, ATrendGoesOn) {
  Kriging kriging(kSpread);
  const auto at = [](double trend) { return Place{.at = {trend}, .trend = {trend}}; };
  for (const double trend : {0.0, 0.25, 0.5, 0.75, 1.0}) kriging.add(at(trend), 0.6 * trend);
  EXPECT_NEAR(kriging.at(at(2)).difference, 1.2, 0.15);
}

// A group that differs throughout does so at places where only others were measured.
TEST(Kriging, GroupsDifferThroughout) {
  Kriging kriging(kSpread);
  const auto in_group = [](double x, int group) { return Place{.at = {x}, .group = group}; };
  for (int x = 0; x < 8; ++x) kriging.add(in_group(x, 0), 0);
  for (int x = 0; x < 4; ++x) kriging.add(in_group(x, 1), 0.5);
  EXPECT_NEAR(kriging.at(in_group(12, 1)).difference, 0.5, 0.05);
  EXPECT_NEAR(kriging.at(in_group(12, 0)).difference, 0, 0.05);
  EXPECT_NEAR(kriging.at(in_group(12, 2)).difference, 0.15, 0.15);  // nothing known of it: between the two
}

// The spread of kernels bound by memory: small ones that take four times as long, for they do not fill the
// GPU, say little of large ones.
TEST(Kriging, SmallKernelsSayLittleOfLargeOnes) {
  Kriging kriging({.common = 0.2, .near = 0.15, .free = 1, .noise = 0.01});
  for (const double x : {18.0, 21.0}) kriging.add({.at = {x}, .free = 1}, 2);
  EXPECT_NEAR(kriging.at({.at = {19.5}, .free = 1}).difference, 2, 0.2);
  EXPECT_LT(kriging.at({.at = {30}, .free = 0.05}).difference, 0.3);
}

// Rougher by ten than was promised: so are the errors that are told. The estimate itself stays.
TEST(Kriging, LearnsItsErrorsFromThoseLeftOut) {
  const KeyedRandom random(5);
  Kriging kriging(kSpread);
  for (std::uint64_t i = 0; i < 60; ++i)
    kriging.add(place(static_cast<double>(i % 10), static_cast<double>(i / 10)), random.bits(i) % 2 == 0 ? 0.6 : -0.6);
  const Kriging::Estimate before = kriging.at(place(4.5, 2.5));
  kriging.learn_errors();
  const Kriging::Estimate after = kriging.at(place(4.5, 2.5));
  EXPECT_EQ(after.difference, before.difference);
  EXPECT_GT(after.error, 5 * before.error);
  EXPECT_LT(after.error, 1.2);
}

// Nothing of its distance to itself makes a matrix that has no root.
TEST(Kriging, AnyPlacesHaveAnEstimate) {
  const KeyedRandom random(7);
  Kriging kriging({.common = 5, .near = 0.3, .noise = 0.01});
  for (std::uint64_t i = 0; i < 200; ++i) {
    Place at;
    for (std::size_t j = 0; j < at.at.size(); ++j) at.at[j] = static_cast<double>(random.bits(6 * i + j) % 3);
    kriging.add(at, static_cast<double>(i % 2));
  }
  for (int x = -5; x <= 5; ++x) {
    const Kriging::Estimate estimate = kriging.at(place(x, x));
    EXPECT_TRUE(std::isfinite(estimate.difference));
    EXPECT_GT(estimate.error, 0);
  }
}

}  // namespace
}  // namespace orrery::models

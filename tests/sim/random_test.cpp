#include "sim/base/random.h"

#include <gtest/gtest.h>

#include <cmath>

namespace orrery {
namespace {

// A function of key and counter alone: asking in another order changes nothing.
TEST(KeyedRandom, DependsOnItsKeyOnly) {
  const KeyedRandom a(7), b(7), c(8);
  const std::uint64_t later = a.bits(5);
  a.bits(0);
  EXPECT_EQ(later, b.bits(5));
  EXPECT_NE(later, c.bits(5));
  static_assert(KeyedRandom(1).gaussian_q32() == KeyedRandom(1).gaussian_q32());
}

// Moments of 100,000 draws, each within five of its standard errors: 1/sqrt(n)
// for the mean, sqrt(2/n) for the variance, sqrt(15/n) for the third moment.
TEST(KeyedRandom, GaussianHasMeanZeroAndVarianceOne) {
  constexpr int n = 100'000;
  double sum = 0, squares = 0, cubes = 0;
  for (std::uint64_t key = 0; key < n; ++key) {
    const double z = static_cast<double>(KeyedRandom(key).gaussian_q32()) / 4294967296.0;
    sum += z, squares += z * z, cubes += z * z * z;
  }
  EXPECT_NEAR(sum / n, 0, 5 / std::sqrt(n));
  EXPECT_NEAR(squares / n, 1, 5 * std::sqrt(2.0 / n));
  EXPECT_NEAR(cubes / n, 0, 5 * std::sqrt(15.0 / n));
}

}  // namespace
}  // namespace orrery

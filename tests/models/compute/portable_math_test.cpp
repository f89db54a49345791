#include "models/compute/portable_math.h"

#include <gtest/gtest.h>

namespace orrery::models {
namespace {

TEST(PortableMath, AgreesWithTheLibraryToFourteenDigits) {
  for (double x = 1e-12; x < 1e18; x *= 1.37) {
    EXPECT_NEAR(portable_log2(x), std::log2(x), 1e-13 * std::max(1.0, std::abs(std::log2(x))));
    const double p = 0.3 + x / (1 + x);
    EXPECT_NEAR(portable_pow(x, p) / std::pow(x, p), 1, 2e-13);
  }
}

TEST(PortableMath, PowersOfTwoAreExact) {
  for (int e = -300; e <= 300; ++e) {
    EXPECT_EQ(portable_exp2(e), std::ldexp(1.0, e));
    EXPECT_EQ(portable_log2(std::ldexp(1.0, e)), e);
  }
}

TEST(PortableMath, NothingToAnyPowerIsNothing) {
  EXPECT_EQ(portable_pow(0, 2.5), 0);
}

}  // namespace
}  // namespace orrery::models

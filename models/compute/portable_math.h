#pragma once

#include <cmath>

namespace orrery::models {

// Logarithm and power of two out of +, *, / and exact scaling only. libm's own
// differ in the last bit from one machine to the next; these do not (IEEE
// doubles, no contraction), so a cost is the same number everywhere. Relative
// error below 4e-15, far finer than the nanosecond that costs are rounded to.

// Of x > 0. ln m = 2 atanh((m-1)/(m+1)), with m in [sqrt(1/2), sqrt 2).
inline double portable_log2(double x) {
  int exponent = 0;
  double m = std::frexp(x, &exponent);
  if (m < 0.70710678118654752) {
    m *= 2;
    --exponent;
  }
  const double s = (m - 1) / (m + 1), s2 = s * s;
  double sum = 0;
  for (int k = 25; k >= 1; k -= 2) sum = sum * s2 + 1.0 / k;
  return exponent + 2 * s * sum * 1.4426950408889634;
}

inline double portable_exp2(double x) {
  if (x < -1000) return 0;
  const double whole = std::floor(x + 0.5);
  const double y = (x - whole) * 0.69314718055994531;
  double sum = 1;
  for (int k = 18; k >= 1; --k) sum = 1 + sum * y / k;
  return std::ldexp(sum, static_cast<int>(whole));
}

// base^exponent for base >= 0.
inline double portable_pow(double base, double exponent) {
  return base > 0 ? portable_exp2(exponent * portable_log2(base)) : 0.0;
}

}  // namespace orrery::models

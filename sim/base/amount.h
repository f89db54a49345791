#pragma once

#include <compare>
#include <cstdint>

#include "sim/base/duration.h"

namespace orrery {

// For products that pass 64 bits; a compiler's own type, which -Wpedantic wants marked.
__extension__ typedef __int128 Int128;

// An amount of data. Signed, so that differences (freed minus allocated) are values too.
struct Bytes {
  std::int64_t n = 0;

  constexpr auto operator<=>(const Bytes&) const = default;
  constexpr Bytes& operator+=(Bytes b) { return n += b.n, *this; }
  constexpr Bytes& operator-=(Bytes b) { return n -= b.n, *this; }
  friend constexpr Bytes operator+(Bytes a, Bytes b) { return {a.n + b.n}; }
  friend constexpr Bytes operator-(Bytes a, Bytes b) { return {a.n - b.n}; }
  friend constexpr Bytes operator*(Bytes a, std::int64_t k) { return {a.n * k}; }
  friend constexpr Bytes operator*(std::int64_t k, Bytes a) { return {a.n * k}; }
};

struct BytesPerSecond {
  std::int64_t n = 0;
  constexpr auto operator<=>(const BytesPerSecond&) const = default;
};

// Floating-point work. A step of a large model passes 2^63 operations, and every
// operation count below 2^53 is still exact, so this is a double.
struct Flops {
  double n = 0;

  constexpr auto operator<=>(const Flops&) const = default;
  constexpr Flops& operator+=(Flops f) { return n += f.n, *this; }
  friend constexpr Flops operator+(Flops a, Flops b) { return {a.n + b.n}; }
  friend constexpr Flops operator*(Flops a, double k) { return {a.n * k}; }
};

struct FlopsPerSecond {
  double n = 0;
  constexpr auto operator<=>(const FlopsPerSecond&) const = default;
};

// Electric power.
struct Watts {
  std::int64_t n = 0;
  constexpr auto operator<=>(const Watts&) const = default;
};

// Time to push `size` through `rate` (> 0); rounded up, so no work ends early.
constexpr Duration operator/(Bytes size, BytesPerSecond rate) {
  const Int128 ps = static_cast<Int128>(size.n) * 1'000'000'000'000;
  return Duration::ps(static_cast<std::int64_t>((ps + rate.n - 1) / rate.n));
}

static_assert(Bytes{50'000'000'000} / BytesPerSecond{50'000'000'000} == Duration::us(1'000'000));

}  // namespace orrery

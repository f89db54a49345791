#pragma once

#include <compare>
#include <cstdint>

namespace orrery {

// A length of simulated time. Integer picoseconds: sums are exact, and every
// machine agrees on them. int64 holds 106 days.
class Duration {
 public:
  constexpr Duration() = default;
  static constexpr Duration ps(std::int64_t n) { return Duration(n); }
  static constexpr Duration ns(std::int64_t n) { return Duration(n * 1'000); }
  static constexpr Duration us(std::int64_t n) { return Duration(n * 1'000'000); }
  static constexpr Duration ms(std::int64_t n) { return Duration(n * 1'000'000'000); }

  // The one way from a model's fraction to the engine's integer: nearest
  // nanosecond, ties away from zero, so that no result hangs on the last bit of
  // a floating-point sum. Negative and not-a-number become zero.
  static constexpr Duration from_seconds(double s) {
    if (!(s > 0)) return Duration();
    return ns(static_cast<std::int64_t>(s * 1e9 + 0.5));
  }

  constexpr std::int64_t count_ps() const { return ps_; }
  constexpr double seconds() const { return static_cast<double>(ps_) * 1e-12; }
  constexpr auto operator<=>(const Duration&) const = default;

  constexpr Duration& operator+=(Duration d) { return ps_ += d.ps_, *this; }
  constexpr Duration& operator-=(Duration d) { return ps_ -= d.ps_, *this; }
  friend constexpr Duration operator+(Duration a, Duration b) { return ps(a.ps_ + b.ps_); }
  friend constexpr Duration operator-(Duration a, Duration b) { return ps(a.ps_ - b.ps_); }
  friend constexpr Duration operator*(Duration a, std::int64_t n) { return ps(a.ps_ * n); }
  friend constexpr Duration operator*(std::int64_t n, Duration a) { return ps(a.ps_ * n); }

 private:
  explicit constexpr Duration(std::int64_t p) : ps_(p) {}
  std::int64_t ps_ = 0;
};

// A point in simulated time, counted from the start of the run.
class Time {
 public:
  constexpr Time() = default;
  static constexpr Time at(Duration since_start) { return Time(since_start.count_ps()); }
  static constexpr Time never() { return Time(INT64_MAX); }

  constexpr Duration since_start() const { return Duration::ps(ps_); }
  constexpr std::int64_t count_ps() const { return ps_; }
  constexpr auto operator<=>(const Time&) const = default;

  friend constexpr Time operator+(Time t, Duration d) { return Time(t.ps_ + d.count_ps()); }
  friend constexpr Time operator-(Time t, Duration d) { return Time(t.ps_ - d.count_ps()); }
  friend constexpr Duration operator-(Time a, Time b) { return Duration::ps(a.ps_ - b.ps_); }

 private:
  explicit constexpr Time(std::int64_t p) : ps_(p) {}
  std::int64_t ps_ = 0;
};

}  // namespace orrery

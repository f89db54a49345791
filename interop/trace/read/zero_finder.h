#pragma once

#include <algorithm>

#include "sim/base/amount.h"

namespace orrery::interop {

// What a file's clock shows, in picoseconds: since 1970 that is 71 bits.
using ClockTime = Int128;

// Times further apart than this (53 days) are not of one run.
inline constexpr ClockTime kFarApart = INT64_MAX / 2;

// Finds where a trace's zero lies, in a first pass. Clocks that start with the
// run keep theirs; those that count from boot or from 1970 are counted from the
// earliest event. An event with a broken time must not take all others with it:
// what counts is the period that most events are of (the majority vote of Boyer
// and Moore).
class ZeroFinder {
 public:
  void see(ClockTime t) {
    ++seen_;
    if (votes_ == 0) earliest_ = t;
    const ClockTime apart = t - earliest_;
    if (apart > kFarApart || apart < -kFarApart) {
      --votes_;
      return;
    }
    ++votes_;
    earliest_ = std::min(earliest_, t);
  }
  // Nothing more needs to be seen.
  bool decided() const { return seen_ >= kEnough && starts_with_run(); }
  ClockTime zero() const { return starts_with_run() ? 0 : earliest_; }

 private:
  static constexpr ClockTime kHour = ClockTime{3'600} * 1'000'000'000'000;
  static constexpr std::uint64_t kEnough = 64;

  bool starts_with_run() const { return earliest_ <= kHour && earliest_ >= -kHour; }

  ClockTime earliest_ = 0;
  std::uint64_t votes_ = 0, seen_ = 0;
};

}  // namespace orrery::interop

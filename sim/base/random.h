#pragma once

#include <cstdint>

#include "sim/base/digest.h"

namespace orrery {

// Random numbers that are a function of a key and nothing else: the same op of
// the same rank draws the same number however the run is ordered, cut or
// repeated. The generator is splitmix64's finaliser (digest.h) over key + counter.
class KeyedRandom {
 public:
  explicit constexpr KeyedRandom(std::uint64_t key) : key_(Digest::mix(key + kGamma)) {}

  constexpr std::uint64_t bits(std::uint64_t counter) const { return Digest::mix(key_ + (counter + 1) * kGamma); }

  // Standard normal in units of 2^-32, by the sum of twelve uniforms less six
  // (Irwin-Hall): mean 0, variance 1, tails cut at six. Integers only, so no
  // result hangs on a libm.
  constexpr std::int64_t gaussian_q32() const {
    std::int64_t sum = 0;
    for (std::uint64_t i = 0; i < 6; ++i) {
      const std::uint64_t two = bits(i);
      sum += static_cast<std::int64_t>(two >> 32) + static_cast<std::int64_t>(two & 0xffffffffu);
    }
    return sum + 6 - (std::int64_t{6} << 32);  // + 12 halves: a uniform's mean is half a unit below its range
  }

 private:
  static constexpr std::uint64_t kGamma = 0x9e3779b97f4a7c15ull;
  std::uint64_t key_;
};

}  // namespace orrery

#pragma once

#include <compare>
#include <cstdint>

namespace orrery {

// A running 64-bit hash of integers, equal on every machine. Order matters.
class Digest {
 public:
  constexpr Digest() = default;

  constexpr Digest& add(std::uint64_t x) {
    state_ ^= x + 0x9e3779b97f4a7c15ull + (state_ << 6) + (state_ >> 2);
    state_ = mix(state_);
    return *this;
  }
  constexpr std::uint64_t value() const { return state_; }
  constexpr auto operator<=>(const Digest&) const = default;

  // The finaliser of splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
  static constexpr std::uint64_t mix(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
  }

 private:
  std::uint64_t state_ = 0x6f72726572792121ull;
};

}  // namespace orrery

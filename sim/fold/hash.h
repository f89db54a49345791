#pragma once

#include <cstdint>

namespace orrery::sim {

// Both halves of a product: one multiplication mixes well enough for sums of
// hashes. The constants are odd and have no pattern; a second seed is a second hash.
inline std::uint64_t hash_pair(std::uint64_t a, std::uint64_t b, std::uint64_t seed = 0x9e3779b97f4a7c15ull) {
  __extension__ typedef unsigned __int128 Wide;
  const Wide product = static_cast<Wide>(a ^ seed) * (b ^ 0xd1342543de82ef95ull);
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

}  // namespace orrery::sim

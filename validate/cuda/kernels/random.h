#pragma once

#include "validate/cuda/kernels/arena.h"

namespace orrery::validate::cuda {

// A counter's random bits (the finaliser of MurmurHash3, twice keyed).
ORRERY_DEVICE std::uint32_t random_bits(std::uint64_t counter, std::uint32_t seed) {
  std::uint64_t h = (counter + 0x9e3779b97f4a7c15u) ^ (std::uint64_t{seed} << 32 | seed);
  h = (h ^ (h >> 33)) * 0xff51afd7ed558ccdu;
  h = (h ^ (h >> 33)) * 0xc4ceb9fe1a85ec53u;
  return static_cast<std::uint32_t>(h ^ (h >> 33));
}

// In (0, 1].
ORRERY_DEVICE float uniform(std::uint32_t bits) {
  return (static_cast<float>(bits >> 8) + 1.0f) * (1.0f / 16777216.0f);
}

// Box and Muller: normal, mean 0, deviation 1.
ORRERY_DEVICE float normal(std::uint64_t counter, std::uint32_t seed) {
  const float radius = sqrt_of(-2.0f * log_of(uniform(random_bits(2 * counter, seed))));
  return radius * cos_of(6.2831853f * uniform(random_bits(2 * counter + 1, seed)));
}

// Fills with bf16. Read as fp32, the same bytes are the odd ones of them with random low bits.
ORRERY_KERNEL inline void fill_normal_bf16(Vector* to, std::uint64_t vectors, float deviation, std::uint32_t seed) {
  for (std::uint64_t i = global_thread(); i < vectors; i += all_threads()) {
    float x[8];
    for (int k = 0; k < 8; ++k) x[k] = deviation * normal(8 * i + k, seed);
    store(to + i, bf16_vector(x));
  }
}

}  // namespace orrery::validate::cuda

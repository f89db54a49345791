#pragma once

#include <cstdint>

#include "sim/program.h"

namespace orrery::models {

// Causes of memory; the order is that of Workload::causes.
enum class MemoryCause : std::uint8_t { parameters, gradients, optimizer, activations, buffers };
inline constexpr int kMemoryCauses = 5;

inline bool is_activation(const sim::Buffer& buffer) {
  return buffer.cause == static_cast<std::uint8_t>(MemoryCause::activations);
}

}  // namespace orrery::models

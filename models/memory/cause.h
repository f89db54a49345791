#pragma once

#include <cstdint>

namespace orrery::models {

// Causes of memory; the order is that of Workload::causes.
enum class MemoryCause : std::uint8_t { parameters, gradients, optimizer, activations, buffers };
inline constexpr int kMemoryCauses = 5;

}  // namespace orrery::models

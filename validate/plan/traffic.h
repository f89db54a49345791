#pragma once

#include <cstdint>
#include <string_view>

#include "sim/base/amount.h"

// What a GPU backend decides without a GPU: shapes to operands, layouts, shares.
namespace orrery::validate {

// Our kernels for memory-bound operators. A shape names a family and bytes, so a
// family runs its forward operator (or the one it is named after) on as many
// elements as move those bytes. What no kernel is named after is a copy, as it is
// timed by the `default` curve.
enum class MemoryKernel : std::uint8_t {
  copy,
  residual_add,
  gated_activation,
  gelu,
  rope,
  rmsnorm,
  rmsnorm_backward,
  layernorm,
  layernorm_backward,
  softmax,
  cross_entropy,
  bias_gradient,
  embedding,
  permute,
  adam,
  dropout,
  bias_dropout_add,
  cast,
  zero,
  axpy,
  scale,
  norm,
};
inline constexpr int kMemoryKernels = 22;

// "default" and names that nobody knows are `copy`.
MemoryKernel memory_kernel(std::string_view family);
std::string_view family_of(MemoryKernel kernel);

// Bytes that it reads and writes for an element; how many elements are taken
// together (rows; eight elsewhere).
struct Traffic {
  int read = 0, written = 0;
  std::int64_t unit = 8;

  std::int64_t unit_bytes() const { return unit * (read + written); }
};
Traffic traffic_of(MemoryKernel kernel);

// Units that move `bytes`: the nearest number, at least one.
std::int64_t units_for(MemoryKernel kernel, Bytes bytes);

}  // namespace orrery::validate

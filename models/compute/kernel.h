#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "sim/base/amount.h"
#include "sim/op.h"
#include "topology/hardware.h"

namespace orrery::models {

using topology::Dtype;

// Kernels as shapes: what the cost model turns into time and the validation
// backend turns into a launch. Nothing here knows a model or a schedule.

enum class GemmRole : std::uint8_t { forward, data_gradient, weight_gradient };

// y[m,n] = x[m,k] w[k,n], `batch` times. A weight gradient accumulates into fp32
// when `accumulate` is set.
struct GemmShape {
  std::int64_t batch = 1, m = 0, n = 0, k = 0;
  Dtype dtype = Dtype::bf16;
  GemmRole role = GemmRole::forward;
  bool accumulate = false;
  auto operator<=>(const GemmShape&) const = default;
};

// Attention core, flash style. Lengths in tokens.
struct AttentionShape {
  std::int64_t batch = 1, queries = 0, keys = 0, heads = 0, kv_heads = 0;
  int head_dim = 0, value_dim = 0;
  Dtype dtype = Dtype::bf16;
  bool causal = true;
  bool backward = false;
  std::int64_t window = 0;
  auto operator<=>(const AttentionShape&) const = default;
};

// A kernel that reads and writes `bytes` in all and computes next to nothing.
// `family` names its curve in the GPU file ("rmsnorm", "swiglu", "adam"…).
struct MemoryBoundShape {
  std::string family;
  Bytes bytes;
  auto operator<=>(const MemoryBoundShape&) const = default;
};

struct Kernel {
  std::variant<GemmShape, AttentionShape, MemoryBoundShape> shape;

  Flops flops() const;  // as executed (causal blocks counted once, no masked half)
  sim::KernelClass kernel_class() const;
  auto operator<=>(const Kernel&) const = default;
};

}  // namespace orrery::models

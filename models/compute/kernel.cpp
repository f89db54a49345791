#include "models/compute/kernel.h"

#include "models/compute/attention.h"

namespace orrery::models {
namespace {

struct CountFlops {
  double operator()(const GemmShape& s) const {
    return 2.0 * static_cast<double>(s.batch) * static_cast<double>(s.m) * static_cast<double>(s.n) *
           static_cast<double>(s.k);
  }
  // Forward: Q K^T and P V. Backward: Q K^T again, dP, dV, dQ and dK.
  double operator()(const AttentionShape& s) const {
    const double value_dim = s.value_dim > 0 ? s.value_dim : s.head_dim;
    const double dims = s.backward ? 3.0 * s.head_dim + 2.0 * value_dim : s.head_dim + value_dim;
    return 2.0 * static_cast<double>(s.batch) * static_cast<double>(s.heads) * visited_blocks(s) * 128 * 128 * dims;
  }
  double operator()(const MemoryBoundShape&) const { return 0; }
};

}  // namespace

Flops Kernel::flops() const {
  return {std::visit(CountFlops{}, shape)};
}

sim::KernelClass Kernel::kernel_class() const {
  return std::holds_alternative<MemoryBoundShape>(shape) ? sim::KernelClass::memory_bound
                                                         : sim::KernelClass::compute_bound;
}

}  // namespace orrery::models

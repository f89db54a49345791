#include "validate/plan/traffic.h"

#include <algorithm>
#include <array>

namespace orrery::validate {
namespace {

constexpr std::int64_t kRow = 4096, kLogits = 32768;  // kRowWidth and kLogitWidth of cuda/kernels/rows.h

struct Named {
  std::string_view family;
  Traffic traffic;
};

// In the order of MemoryKernel. Bytes an element, read and written, as 2 bf16, 4 fp32, 1 mask.
constexpr std::array<Named, kMemoryKernels> kKernels{{
    {"default", {2, 2}},
    {"residual_add", {4, 2}},
    {"gated_activation", {4, 2}},
    {"gelu", {2, 2}},
    {"rope", {2, 2, 16}},
    {"rmsnorm", {2, 2, kRow}},
    {"rmsnorm_backward", {4, 2, kRow}},
    {"layernorm", {2, 2, kRow}},
    {"layernorm_backward", {4, 2, kRow}},
    {"softmax", {2, 2, kRow}},
    {"cross_entropy", {2, 0, kLogits}},
    {"bias_gradient", {2, 0, kRow}},
    {"embedding", {2, 2, kRow}},
    {"permute", {2, 2, kRow}},
    {"adam", {16, 14}},
    {"dropout", {2, 3}},
    {"bias_dropout_add", {4, 3}},
    {"cast", {4, 2}},
    {"zero", {0, 4}},
    {"axpy", {6, 4}},
    {"scale", {4, 4}},
    {"norm", {4, 0}},
}};

}  // namespace

MemoryKernel memory_kernel(std::string_view family) {
  if (family == "triad") return MemoryKernel::residual_add;  // two read, one written
  const auto known =
      std::find_if(kKernels.begin(), kKernels.end(), [&](const Named& named) { return named.family == family; });
  return known == kKernels.end() ? MemoryKernel::copy : static_cast<MemoryKernel>(known - kKernels.begin());
}

std::string_view family_of(MemoryKernel kernel) {
  return kKernels[static_cast<std::size_t>(kernel)].family;
}

Traffic traffic_of(MemoryKernel kernel) {
  return kKernels[static_cast<std::size_t>(kernel)].traffic;
}

std::int64_t units_for(MemoryKernel kernel, Bytes bytes) {
  const std::int64_t unit = traffic_of(kernel).unit_bytes();
  return std::max<std::int64_t>(1, (bytes.n + unit / 2) / unit);
}

}  // namespace orrery::validate

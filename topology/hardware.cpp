#include "topology/hardware.h"

namespace orrery::topology {
namespace {

constexpr std::array<std::string_view, 7> kDtypes = {"fp32", "tf32", "fp16", "bf16", "fp8", "mxfp8", "nvfp4"};
constexpr std::array<std::string_view, kLinkKinds> kKinds = {"nvlink", "pcie", "nic", "spine"};

}  // namespace

std::string_view to_string(Dtype dtype) {
  return kDtypes[static_cast<std::size_t>(dtype)];
}

std::optional<Dtype> dtype_from(std::string_view name) {
  for (std::size_t i = 0; i < kDtypes.size(); ++i)
    if (kDtypes[i] == name) return static_cast<Dtype>(i);
  return std::nullopt;
}

std::string_view to_string(LinkKind kind) {
  return kKinds[static_cast<std::size_t>(kind)];
}

}  // namespace orrery::topology

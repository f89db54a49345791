#pragma once

#include <optional>
#include <string_view>

#include "models/compute/kernel.h"
#include "sim/program.h"

// How a calibration file names things; reader and writer agree here.
namespace orrery::models::names {

inline constexpr std::string_view kGemmRoles[] = {"forward", "data_gradient", "weight_gradient"};

inline constexpr std::string_view kInterference[] = {"compute_bound_by_collective", "memory_bound_by_collective",
                                                     "collective_by_compute_bound", "collective_by_memory_bound"};

inline std::string_view of(GemmRole role) {
  return kGemmRoles[static_cast<int>(role)];
}
inline GemmRole gemm_role(std::string_view name) {
  if (name == kGemmRoles[2]) return GemmRole::weight_gradient;
  return name == kGemmRoles[1] ? GemmRole::data_gradient : GemmRole::forward;
}

// As nccl-tests and `orrery collective` say.
inline std::string_view of(sim::TransferKind kind) {
  return kind == sim::TransferKind::point_to_point ? "send-recv" : to_string(kind);
}
inline std::optional<sim::TransferKind> transfer_kind(std::string_view name) {
  for (int i = 0; i <= static_cast<int>(sim::TransferKind::copy_in); ++i)
    if (name == of(static_cast<sim::TransferKind>(i))) return static_cast<sim::TransferKind>(i);
  return std::nullopt;
}

}  // namespace orrery::models::names

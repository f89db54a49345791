#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace orrery::interop {

// What a slice of a trace kept busy. `none` are slices around others (schedule
// actions, steps) and what a CPU did: they are no work of a GPU.
enum class WorkKind : std::uint8_t { none, compute, communication, copy, host };

struct WorkClass {
  WorkKind kind = WorkKind::none;
  std::string label;  // "tp", "gemm", "nccl": what tables group by
};

// By the category and name that the file gives it: ours ("tp", "compute"), or those
// of GPU profilers, whose kernels are told apart by their names: NCCL's, matrix
// multiplication, attention, copies, the rest.
WorkClass classify(std::string_view category, std::string_view name);

// The operation without the place it stands at: "layer 12 qkv" is "qkv".
std::string_view operation_of(std::string_view name);

}  // namespace orrery::interop

#pragma once

#include <optional>
#include <span>
#include <string>

#include "interop/trace/read/trace_visitor.h"
#include "sim/base/amount.h"

namespace orrery::interop {

// What the arguments of a slice say of what it moved: ours, or those of Kineto's
// NCCL kernels ("Collective name", "In msg nelems", "dtype").
struct TransferArguments {
  std::string kind;            // "all-gather"
  std::optional<Bytes> bytes;  // the larger of what one rank put in and got out
  Duration waited;             // for others, at the start of the slice
  std::optional<std::int64_t> step;
};

TransferArguments transfer_arguments(std::span<const TraceArgument> arguments);

}  // namespace orrery::interop

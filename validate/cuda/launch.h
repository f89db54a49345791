#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "validate/cuda/kernels/arena.h"
#include "validate/plan/traffic.h"

// Launches of our kernels: one function a family, so that only .cu files know blocks
// and threads. `sms` is how many SMs the stream may use.
namespace orrery::validate::cuda {

cudaError_t launch_memory_kernel(MemoryKernel kernel, const Operands& operands, std::int64_t units,
                                 const float* rope_table, int sms, cudaStream_t stream);

cudaError_t launch_copy(void* to, const void* from, std::uint64_t bytes, int sms, cudaStream_t stream);
// to += from, as bf16.
cudaError_t launch_add(void* to, const void* from, std::uint64_t bytes, int sms, cudaStream_t stream);

enum class Fill : std::uint8_t { bf16, fp16, fp8 };
// Normal numbers of the given deviation.
cudaError_t launch_fill(Fill type, void* to, std::uint64_t bytes, float deviation, std::uint32_t seed, int sms,
                        cudaStream_t stream);
// Cosines and sines for kPositions x 64 angles; `table` has room for twice as many floats.
cudaError_t launch_rope_table(float* table, cudaStream_t stream);

// Takes as long as said, on one thread.
cudaError_t launch_delay(std::uint64_t ns, cudaStream_t stream);
// Writes the GPU's clock; and waits until it shows `ns` more than was written.
cudaError_t launch_mark(std::uint64_t* slot, cudaStream_t stream);
cudaError_t launch_hold(const std::uint64_t* slot, std::uint64_t ns, cudaStream_t stream);

}  // namespace orrery::validate::cuda

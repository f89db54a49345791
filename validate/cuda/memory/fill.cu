// First contents of buffers: random, since GPUs multiply zeros with less power and
// so at higher clocks.
#include <cuda_fp16.h>
#include <cuda_fp8.h>

#include "validate/cuda/kernels/random.h"
#include "validate/cuda/kernels/rows.h"
#include "validate/cuda/launch.h"

namespace orrery::validate::cuda {
namespace {

constexpr int kThreads = 256;

__device__ void set(__half* to, float x) {
  *to = __float2half_rn(x);
}
__device__ void set(__nv_fp8_storage_t* to, float x) {
  *to = __nv_cvt_float_to_fp8(x, __NV_SATFINITE, __NV_E4M3);
}

template <class T>
__global__ void fill_normal(T* to, std::uint64_t count, float deviation, std::uint32_t seed) {
  for (std::uint64_t i = global_thread(); i < count; i += all_threads()) set(to + i, deviation * normal(i, seed));
}

// Angles as RoPE has them: position / 10000^(i/64).
__global__ void fill_rope_table(float* table) {
  const unsigned index = block_x() * threads() + thread_x();
  if (index >= kPositions * 64) return;
  const float angle = static_cast<float>(index / 64) * exp2f(-13.28771238f * static_cast<float>(index % 64) / 64.0f);
  sincosf(angle, &table[2 * index + 1], &table[2 * index]);
}

}  // namespace

cudaError_t launch_fill(Fill type, void* to, std::uint64_t bytes, float deviation, std::uint32_t seed, int sms,
                        cudaStream_t stream) {
  const auto blocks = static_cast<unsigned>(8 * sms);
  if (type == Fill::bf16)
    fill_normal_bf16<<<blocks, kThreads, 0, stream>>>(static_cast<Vector*>(to), bytes / 16, deviation, seed);
  if (type == Fill::fp16)
    fill_normal<<<blocks, kThreads, 0, stream>>>(static_cast<__half*>(to), bytes / 2, deviation, seed);
  if (type == Fill::fp8)
    fill_normal<<<blocks, kThreads, 0, stream>>>(static_cast<__nv_fp8_storage_t*>(to), bytes, deviation, seed);
  return cudaPeekAtLastError();
}

cudaError_t launch_rope_table(float* table, cudaStream_t stream) {
  fill_rope_table<<<kPositions * 64 / kThreads, kThreads, 0, stream>>>(table);
  return cudaPeekAtLastError();
}

}  // namespace orrery::validate::cuda

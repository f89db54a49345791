#pragma once

// The words that our kernels are written in. nvcc reads them as instructions of a
// GPU; any other compiler as calls of an emulator (tests/validate/simt) that runs the
// same kernels thread by thread, so that what they compute is tested without a GPU.

#include <cstddef>
#include <cstdint>

#ifdef __CUDACC__
#include <cuda_runtime.h>
#define ORRERY_KERNEL __global__
#define ORRERY_DEVICE __device__ __forceinline__
#define ORRERY_LAUNCH_BOUNDS(threads, blocks) __launch_bounds__(threads, blocks)
#define ORRERY_UNROLL _Pragma("unroll")
#else
#define ORRERY_KERNEL
#define ORRERY_DEVICE inline
#define ORRERY_LAUNCH_BOUNDS(threads, blocks)
#define ORRERY_UNROLL
#endif

namespace orrery::validate::cuda {

// 16 bytes: what a thread moves at once.
struct alignas(16) Vector {
  std::uint32_t word[4];
};

#ifdef __CUDACC__

ORRERY_DEVICE unsigned thread_x() {
  return threadIdx.x;
}
ORRERY_DEVICE unsigned block_x() {
  return blockIdx.x;
}
ORRERY_DEVICE unsigned block_y() {
  return blockIdx.y;
}
ORRERY_DEVICE unsigned blocks_x() {
  return gridDim.x;
}
ORRERY_DEVICE unsigned blocks_y() {
  return gridDim.y;
}
ORRERY_DEVICE unsigned threads() {
  return blockDim.x;
}
ORRERY_DEVICE void sync_threads() {
  __syncthreads();
}

ORRERY_DEVICE unsigned char* shared_bytes() {
  extern __shared__ __align__(1024) unsigned char memory[];  // as tiles of warpgroups begin
  return memory;
}

ORRERY_DEVICE Vector load(const Vector* from) {
  const uint4 v = *reinterpret_cast<const uint4*>(from);
  return {{v.x, v.y, v.z, v.w}};
}
ORRERY_DEVICE void store(Vector* to, const Vector& v) {
  *reinterpret_cast<uint4*>(to) = make_uint4(v.word[0], v.word[1], v.word[2], v.word[3]);
}

ORRERY_DEVICE float float_of_bits(std::uint32_t bits) {
  return __uint_as_float(bits);
}
ORRERY_DEVICE std::uint32_t bits_of_float(float x) {
  return __float_as_uint(x);
}

// Two bf16 in a word, the first in the lower half; nearest, ties to even.
ORRERY_DEVICE std::uint32_t pack_bf16(float low, float high) {
  std::uint32_t word;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(word) : "f"(high), "f"(low));
  return word;
}

ORRERY_DEVICE float shuffle_xor(float value, int mask) {
  return __shfl_xor_sync(0xffffffffu, value, mask);
}
ORRERY_DEVICE void atomic_add(float* to, float value) {
  atomicAdd(to, value);
}
// To 2 units in the last place; what is smaller than a normal number is zero.
ORRERY_DEVICE float exp2_of(float x) {
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}
ORRERY_DEVICE float log2_of(float x) {
  return log2f(x);
}
ORRERY_DEVICE float exp_of(float x) {
  return __expf(x);
}
ORRERY_DEVICE float log_of(float x) {
  return logf(x);
}
ORRERY_DEVICE float tanh_of(float x) {
  return tanhf(x);
}
ORRERY_DEVICE float sqrt_of(float x) {
  return sqrtf(x);
}
ORRERY_DEVICE float cos_of(float x) {
  return cosf(x);
}

ORRERY_DEVICE std::uint64_t nanoseconds() {
  std::uint64_t now;
  asm volatile("mov.u64 %0, %globaltimer;" : "=l"(now));
  return now;
}

ORRERY_DEVICE std::uint32_t shared_address(const void* pointer) {
  return static_cast<std::uint32_t>(__cvta_generic_to_shared(pointer));
}

// 16 bytes from global to shared memory in the background; zeros when not `valid`.
ORRERY_DEVICE void copy_async(void* shared, const void* global, bool valid) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(shared_address(shared)), "l"(global),
               "r"(valid ? 16 : 0)
               : "memory");
}
ORRERY_DEVICE void commit_copies() {
  asm volatile("cp.async.commit_group;" ::: "memory");
}
// All but the `kNewest` groups that were committed last have come.
template <int kNewest>
ORRERY_DEVICE void wait_for_copies() {
  asm volatile("cp.async.wait_group %0;" ::"n"(kNewest) : "memory");
}

// Four 8 x 8 matrices of 16-bit elements; lane 8i + r gives the address of row r of
// matrix i, and a lane gets elements 2 (lane % 4) and the next of row lane / 4.
ORRERY_DEVICE void load_matrices(std::uint32_t (&r)[4], const void* row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(shared_address(row))
               : "memory");
}
// The same, each matrix transposed.
ORRERY_DEVICE void load_matrices_transposed(std::uint32_t (&r)[4], const void* row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(shared_address(row))
               : "memory");
}
// c[16 x 8] += a[16 x 16] b[16 x 8], bf16 into fp32.
ORRERY_DEVICE void multiply_add(float (&c)[4], const std::uint32_t (&a)[4], std::uint32_t b0, std::uint32_t b1) {
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
      "{%0, %1, %2, %3};"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

#else

// Defined by the emulator.
unsigned thread_x();
unsigned block_x();
unsigned block_y();
unsigned blocks_x();
unsigned blocks_y();
unsigned threads();
void sync_threads();
unsigned char* shared_bytes();
Vector load(const Vector* from);
void store(Vector* to, const Vector& v);
float float_of_bits(std::uint32_t bits);
std::uint32_t bits_of_float(float x);
std::uint32_t pack_bf16(float low, float high);
float shuffle_xor(float value, int mask);
void atomic_add(float* to, float value);
float exp2_of(float x);
float log2_of(float x);
float exp_of(float x);
float log_of(float x);
float tanh_of(float x);
float sqrt_of(float x);
float cos_of(float x);
std::uint64_t nanoseconds();
void copy_async(void* shared, const void* global, bool valid);
void commit_copies();
void wait_for_copies_but(int newest);
template <int kNewest>
void wait_for_copies() {
  wait_for_copies_but(kNewest);
}
void load_matrices(std::uint32_t (&r)[4], const void* row);
void load_matrices_transposed(std::uint32_t (&r)[4], const void* row);
void multiply_add(float (&c)[4], const std::uint32_t (&a)[4], std::uint32_t b0, std::uint32_t b1);

#endif

ORRERY_DEVICE float low_bf16(std::uint32_t word) {
  return float_of_bits(word << 16);
}
ORRERY_DEVICE float high_bf16(std::uint32_t word) {
  return float_of_bits(word & 0xffff0000u);
}

}  // namespace orrery::validate::cuda

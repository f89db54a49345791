#pragma once

// Products of four warps at once, which Hopper's tensor cores take from shared memory
// themselves (PTX ISA, "Asynchronous Warpgroup Level Matrix Instructions", sm_90a).
//
// What a lane has of the sums is what it has of mma.sync's: warp w of the group has
// rows 16w to 16w + 15, a product's tile of 16 x 8 columns is sum[tile].

#include "validate/cuda/kernels/simt.h"

namespace orrery::validate::cuda {

// Where a matrix lies in shared memory, in the words of the instruction: rows of 64 bf16,
// 128 bytes apart, 16-byte chunks permuted within eight rows. `far` is from 64 columns
// to the next 64, where the instruction goes across them.
ORRERY_DEVICE std::uint64_t matrix_at(std::uint32_t address, std::uint32_t far) {
  constexpr std::uint64_t kEightRows = 8 * 128, kSwizzle128 = 1;
  return (address & 0x3ffffu) >> 4 | static_cast<std::uint64_t>(far >> 4) << 16 | kEightRows >> 4 << 32 |
         kSwizzle128 << 62;
}

#ifdef __CUDACC__

// Shared memory that this thread wrote, or waited for, may be read by the tensor cores
// behind the next barrier.
ORRERY_DEVICE void show_to_tensor_cores() {
  asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
}

#ifdef __CUDA_ARCH_FEAT_SM90_ALL

ORRERY_DEVICE void begin_products() {
  asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
}
ORRERY_DEVICE void end_products() {
  asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
  asm volatile("wgmma.wait_group.sync.aligned 0;" ::: "memory");
}
// Sums are not read before end_products(), which does not name them.
ORRERY_DEVICE void settle(float& sum) {
  asm volatile("" : "+f"(sum)::"memory");
}

#define ORRERY_4(s, t) "+f"(s[t][0]), "+f"(s[t][1]), "+f"(s[t][2]), "+f"(s[t][3])
#define ORRERY_16(s, t) ORRERY_4(s, t), ORRERY_4(s, t + 1), ORRERY_4(s, t + 2), ORRERY_4(s, t + 3)
#define ORRERY_32_SUMS                                                                    \
  "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18," \
  " %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31}"
#define ORRERY_64_SUMS                                                                    \
  "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18," \
  " %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, %32, %33, %34, %35," \
  " %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, %48, %49, %50, %51, %52," \
  " %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63}"

// sum[64 x n] += left[64 x 16], n rows of the right transposed: both lie with the columns that are summed over
// one behind the other.
ORRERY_DEVICE void multiply_64(float (&s)[8][4], std::uint64_t left, std::uint64_t right) {
  asm volatile("wgmma.mma_async.sync.aligned.m64n64k16.f32.bf16.bf16 " ORRERY_32_SUMS ", %32, %33, 1, 1, 1, 0, 0;"
               : ORRERY_16(s, 0), ORRERY_16(s, 4)
               : "l"(left), "l"(right));
}
ORRERY_DEVICE void multiply_64(float (&s)[16][4], std::uint64_t left, std::uint64_t right) {
  asm volatile("wgmma.mma_async.sync.aligned.m64n128k16.f32.bf16.bf16 " ORRERY_64_SUMS ", %64, %65, 1, 1, 1, 0, 0;"
               : ORRERY_16(s, 0), ORRERY_16(s, 4), ORRERY_16(s, 8), ORRERY_16(s, 12)
               : "l"(left), "l"(right));
}
// sum[64 x n] += left[64 x 16] from registers, as mma.sync takes it, times 16 rows of the right.
ORRERY_DEVICE void multiply_64(float (&s)[8][4], const std::uint32_t (&left)[4], std::uint64_t right) {
  asm volatile("wgmma.mma_async.sync.aligned.m64n64k16.f32.bf16.bf16 " ORRERY_32_SUMS
               ", {%32, %33, %34, %35}, %36, 1, 1, 1, 1;"
               : ORRERY_16(s, 0), ORRERY_16(s, 4)
               : "r"(left[0]), "r"(left[1]), "r"(left[2]), "r"(left[3]), "l"(right));
}
ORRERY_DEVICE void multiply_64(float (&s)[16][4], const std::uint32_t (&left)[4], std::uint64_t right) {
  asm volatile("wgmma.mma_async.sync.aligned.m64n128k16.f32.bf16.bf16 " ORRERY_64_SUMS
               ", {%64, %65, %66, %67}, %68, 1, 1, 1, 1;"
               : ORRERY_16(s, 0), ORRERY_16(s, 4), ORRERY_16(s, 8), ORRERY_16(s, 12)
               : "r"(left[0]), "r"(left[1]), "r"(left[2]), "r"(left[3]), "l"(right));
}

#undef ORRERY_4
#undef ORRERY_16
#undef ORRERY_32_SUMS
#undef ORRERY_64_SUMS

#else

// Kernels that use them are never launched on other GPUs; they need only be read there.
ORRERY_DEVICE void begin_products() {}
ORRERY_DEVICE void end_products() {}
ORRERY_DEVICE void settle(float&) {}
template <int kTiles, class Left>
ORRERY_DEVICE void multiply_64(float (&)[kTiles][4], const Left&, std::uint64_t) {}

#endif

#else

// Defined by the emulator.
std::uint32_t shared_address(const void* pointer);
void show_to_tensor_cores();
inline void begin_products() {}
inline void end_products() {}
inline void settle(float&) {}
void multiply_64(float (*sum)[4], int tiles, std::uint64_t left, std::uint64_t right);
void multiply_64(float (*sum)[4], int tiles, const std::uint32_t (&left)[4], std::uint64_t right);
template <int kTiles, class Left>
void multiply_64(float (&sum)[kTiles][4], const Left& left, std::uint64_t right) {
  multiply_64(sum, kTiles, left, right);
}

#endif

}  // namespace orrery::validate::cuda

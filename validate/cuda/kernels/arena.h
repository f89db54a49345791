#pragma once

#include "validate/cuda/kernels/simt.h"

namespace orrery::validate::cuda {

// Operands of kernels that stream: a ring of memory in which indices wrap, so that
// a kernel may move more bytes than there are. `mask` is the number of vectors, a
// power of two, less one.
struct Ring {
  Vector* base = nullptr;
  std::uint64_t mask = 0;
};

// Where a launch reads and writes: each of its operands starts some way behind the
// one before, in vectors.
struct Operands {
  Ring in, out;
  std::uint64_t first = 0;   // of this launch: moves on, so that nothing is found in a cache
  std::uint64_t stride = 0;  // between operands
};

ORRERY_DEVICE Vector* at(const Ring& ring, std::uint64_t index) {
  return ring.base + (index & ring.mask);
}

// Eight elements of an operand, as floats.
ORRERY_DEVICE void read_bf16(float (&x)[8], const Vector& v) {
  ORRERY_UNROLL
  for (int i = 0; i < 4; ++i) {
    x[2 * i] = low_bf16(v.word[i]);
    x[2 * i + 1] = high_bf16(v.word[i]);
  }
}
ORRERY_DEVICE Vector bf16_vector(const float (&x)[8]) {
  Vector v;
  ORRERY_UNROLL
  for (int i = 0; i < 4; ++i) v.word[i] = pack_bf16(x[2 * i], x[2 * i + 1]);
  return v;
}

// `unit` counts in eights.
ORRERY_DEVICE void load_bf16(float (&x)[8], const Operands& o, int operand, std::uint64_t unit) {
  read_bf16(x, load(at(o.in, o.first + operand * o.stride + unit)));
}
ORRERY_DEVICE void store_bf16(const Operands& o, int operand, std::uint64_t unit, const float (&x)[8]) {
  store(at(o.out, o.first + operand * o.stride + unit), bf16_vector(x));
}
ORRERY_DEVICE void load_fp32(float (&x)[8], const Operands& o, int operand, std::uint64_t unit) {
  ORRERY_UNROLL
  for (int half = 0; half < 2; ++half) {
    const Vector v = load(at(o.in, o.first + operand * o.stride + 2 * unit + half));
    ORRERY_UNROLL
    for (int i = 0; i < 4; ++i) x[4 * half + i] = float_of_bits(v.word[i]);
  }
}
ORRERY_DEVICE void store_fp32(const Operands& o, int operand, std::uint64_t unit, const float (&x)[8]) {
  ORRERY_UNROLL
  for (int half = 0; half < 2; ++half) {
    Vector v;
    ORRERY_UNROLL
    for (int i = 0; i < 4; ++i) v.word[i] = bits_of_float(x[4 * half + i]);
    store(at(o.out, o.first + operand * o.stride + 2 * unit + half), v);
  }
}

ORRERY_DEVICE std::uint64_t global_thread() {
  return std::uint64_t{block_x()} * threads() + thread_x();
}
ORRERY_DEVICE std::uint64_t all_threads() {
  return std::uint64_t{blocks_x()} * threads();
}

}  // namespace orrery::validate::cuda

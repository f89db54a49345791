#pragma once

// Elementwise operators: eight elements a thread at a time, each operand read or
// written once.

#include "validate/cuda/kernels/random.h"

namespace orrery::validate::cuda {

ORRERY_DEVICE float silu(float x) {
  return x / (1.0f + exp_of(-x));
}

// The tanh form, as frameworks fuse it.
ORRERY_DEVICE float gelu(float x) {
  return 0.5f * x * (1.0f + tanh_of(0.7978845608f * (x + 0.044715f * x * x * x)));
}

struct Copy {  // y = x
  static ORRERY_DEVICE void apply(const Operands& o, std::uint64_t unit) {
    store(at(o.out, o.first + unit), load(at(o.in, o.first + unit)));
  }
};

struct Add {  // y = a + b
  static ORRERY_DEVICE void apply(const Operands& o, std::uint64_t unit) {
    float a[8], b[8];
    load_bf16(a, o, 0, unit);
    load_bf16(b, o, 1, unit);
    ORRERY_UNROLL
    for (int i = 0; i < 8; ++i) a[i] += b[i];
    store_bf16(o, 0, unit, a);
  }
};

struct GatedActivation {  // y = silu(gate) up
  static ORRERY_DEVICE void apply(const Operands& o, std::uint64_t unit) {
    float gate[8], up[8];
    load_bf16(gate, o, 0, unit);
    load_bf16(up, o, 1, unit);
    ORRERY_UNROLL
    for (int i = 0; i < 8; ++i) gate[i] = silu(gate[i]) * up[i];
    store_bf16(o, 0, unit, gate);
  }
};

struct Gelu {
  static ORRERY_DEVICE void apply(const Operands& o, std::uint64_t unit) {
    float x[8];
    load_bf16(x, o, 0, unit);
    ORRERY_UNROLL
    for (int i = 0; i < 8; ++i) x[i] = gelu(x[i]);
    store_bf16(o, 0, unit, x);
  }
};

struct Cast {  // fp32 to bf16
  static ORRERY_DEVICE void apply(const Operands& o, std::uint64_t unit) {
    float x[8];
    load_fp32(x, o, 0, unit);
    store_bf16(o, 0, unit, x);
  }
};

struct Scale {  // fp32
  static ORRERY_DEVICE void apply(const Operands& o, std::uint64_t unit) {
    float x[8];
    load_fp32(x, o, 0, unit);
    ORRERY_UNROLL
    for (int i = 0; i < 8; ++i) x[i] *= 0.5f;
    store_fp32(o, 0, unit, x);
  }
};

struct Axpy {  // fp32 main gradient + bf16 gradient
  static ORRERY_DEVICE void apply(const Operands& o, std::uint64_t unit) {
    float y[8], x[8];
    load_fp32(y, o, 0, unit);
    load_bf16(x, o, 1, unit);
    ORRERY_UNROLL
    for (int i = 0; i < 8; ++i) y[i] += x[i];
    store_fp32(o, 0, unit, y);
  }
};

// Which of eight elements stay, of a tenth that is dropped; a byte each, as
// frameworks save it.
ORRERY_DEVICE void store_mask(const Operands& o, int operand, std::uint64_t unit, const bool (&keep)[8]) {
  std::uint32_t half[2] = {0, 0};
  ORRERY_UNROLL
  for (int i = 0; i < 8; ++i) half[i / 4] |= std::uint32_t{keep[i]} << (8 * (i % 4));
  Vector* to = at(o.out, o.first + operand * o.stride + unit / 2);
  to->word[2 * (unit % 2)] = half[0];
  to->word[2 * (unit % 2) + 1] = half[1];
}

inline constexpr float kDropped = 0.1f;

ORRERY_DEVICE void drop(float (&x)[8], bool (&keep)[8], std::uint64_t unit) {
  ORRERY_UNROLL
  for (int i = 0; i < 8; ++i) {
    keep[i] = uniform(random_bits(8 * unit + i, 1)) > kDropped;
    x[i] = keep[i] ? x[i] * (1.0f / (1.0f - kDropped)) : 0.0f;
  }
}

struct Dropout {
  static ORRERY_DEVICE void apply(const Operands& o, std::uint64_t unit) {
    float x[8];
    bool keep[8];
    load_bf16(x, o, 0, unit);
    drop(x, keep, unit);
    store_bf16(o, 0, unit, x);
    store_mask(o, 1, unit, keep);
  }
};

// y = residual + dropout(x + bias); a bias of 4096 elements stays in the caches.
struct BiasDropoutAdd {
  static ORRERY_DEVICE void apply(const Operands& o, std::uint64_t unit) {
    float x[8], bias[8], residual[8];
    bool keep[8];
    load_bf16(x, o, 0, unit);
    load_bf16(bias, o, 2, unit % 512);
    load_bf16(residual, o, 1, unit);
    ORRERY_UNROLL
    for (int i = 0; i < 8; ++i) x[i] += bias[i];
    drop(x, keep, unit);
    ORRERY_UNROLL
    for (int i = 0; i < 8; ++i) x[i] += residual[i];
    store_bf16(o, 0, unit, x);
    store_mask(o, 1, unit, keep);
  }
};

// One step of Adam at its 100th: fp32 gradient, master weight and moments in;
// weight, moments and a bf16 copy out.
struct Adam {
  static constexpr float kBeta1 = 0.9f, kBeta2 = 0.95f, kRate = 1e-4f, kEpsilon = 1e-8f, kDecay = 0.1f;
  static constexpr float kCorrection1 = 1.0f / (1.0f - 2.6561399e-5f);  // 1 - beta1^100
  static constexpr float kCorrection2 = 1.0f / (1.0f - 5.9205293e-3f);  // 1 - beta2^100

  static ORRERY_DEVICE void apply(const Operands& o, std::uint64_t unit) {
    float g[8], w[8], m[8], v[8];
    load_fp32(g, o, 0, unit);
    load_fp32(w, o, 1, unit);
    load_fp32(m, o, 2, unit);
    load_fp32(v, o, 3, unit);
    ORRERY_UNROLL
    for (int i = 0; i < 8; ++i) {
      m[i] = kBeta1 * m[i] + (1 - kBeta1) * g[i];
      v[i] = kBeta2 * (v[i] < 0 ? -v[i] : v[i]) + (1 - kBeta2) * g[i] * g[i];  // operands are random: of either sign
      w[i] -= kRate * (m[i] * kCorrection1 / (sqrt_of(v[i] * kCorrection2) + kEpsilon) + kDecay * w[i]);
    }
    store_fp32(o, 0, unit, w);
    store_fp32(o, 1, unit, m);
    store_fp32(o, 2, unit, v);
    store_bf16(o, 3, unit, w);
  }
};

template <class Operator>
ORRERY_KERNEL void stream_through(Operands operands, std::uint64_t units) {
  for (std::uint64_t unit = global_thread(); unit < units; unit += all_threads()) Operator::apply(operands, unit);
}

// Vector by vector: a warp that writes halves of 32-byte sectors reaches half of the bandwidth.
ORRERY_KERNEL inline void zero_vectors(Operands o, std::uint64_t vectors) {
  for (std::uint64_t i = global_thread(); i < vectors; i += all_threads()) store(at(o.out, o.first + i), Vector{});
}

// A chunk on its way from one rank to another: several loads of a thread under way at once.
ORRERY_KERNEL inline void copy_into(Vector* to, const Vector* from, std::uint64_t vectors) {
  constexpr std::uint64_t kUnderWay = 4;
  for (std::uint64_t i = global_thread(); i < vectors; i += kUnderWay * all_threads()) {
    Vector v[kUnderWay];
    ORRERY_UNROLL
    for (std::uint64_t k = 0; k < kUnderWay; ++k)
      if (i + k * all_threads() < vectors) v[k] = load(from + i + k * all_threads());
    ORRERY_UNROLL
    for (std::uint64_t k = 0; k < kUnderWay; ++k)
      if (i + k * all_threads() < vectors) store(to + i + k * all_threads(), v[k]);
  }
}

// to += from: what a rank does with a chunk of a sum that has come.
ORRERY_KERNEL inline void add_into(Vector* to, const Vector* from, std::uint64_t vectors) {
  for (std::uint64_t i = global_thread(); i < vectors; i += all_threads()) {
    float a[8], b[8];
    read_bf16(a, load(to + i));
    read_bf16(b, load(from + i));
    ORRERY_UNROLL
    for (int k = 0; k < 8; ++k) a[k] += b[k];
    store(to + i, bf16_vector(a));
  }
}

}  // namespace orrery::validate::cuda

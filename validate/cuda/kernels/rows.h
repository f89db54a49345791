#pragma once

// Operators on rows: norms and softmax of rows that a block holds in registers, the
// cross-entropy of long ones, sums over columns, rows moved elsewhere.

#include "validate/cuda/kernels/arena.h"

namespace orrery::validate::cuda {

inline constexpr int kRowThreads = 256;
inline constexpr int kRowWidth = 4096;  // elements; shapes name bytes alone
inline constexpr int kRowUnits = kRowWidth / 8;
inline constexpr int kUnitsEach = kRowUnits / kRowThreads;
inline constexpr int kLogitWidth = 32768;  // of a row of logits
inline constexpr float kEpsilon = 1e-5f;

struct Sum {
  static ORRERY_DEVICE float join(float a, float b) { return a + b; }
};
struct Max {
  static ORRERY_DEVICE float join(float a, float b) { return a > b ? a : b; }
};

// Of a value of every thread of the block (a multiple of 32 threads, at most 1024); all get it.
template <class Join>
ORRERY_DEVICE float over_block(float value) {
  float* of_warps = reinterpret_cast<float*>(shared_bytes());
  ORRERY_UNROLL
  for (int mask = 16; mask > 0; mask /= 2) value = Join::join(value, shuffle_xor(value, mask));
  sync_threads();  // what was there before has been read
  if (thread_x() % 32 == 0) of_warps[thread_x() / 32] = value;
  sync_threads();
  float all = of_warps[0];
  for (unsigned w = 1; w < threads() / 32; ++w) all = Join::join(all, of_warps[w]);
  return all;
}

ORRERY_DEVICE std::uint64_t unit_of_row(std::uint64_t row, int j) {
  return row * kRowUnits + j * kRowThreads + thread_x();
}

template <bool kCentred>  // LayerNorm, else RMSNorm
ORRERY_KERNEL void norm_rows(Operands o, std::uint64_t rows) {
  for (std::uint64_t row = block_x(); row < rows; row += blocks_x()) {
    float x[kUnitsEach][8], sum = 0, squares = 0;
    for (int j = 0; j < kUnitsEach; ++j) {
      load_bf16(x[j], o, 0, unit_of_row(row, j));
      for (int i = 0; i < 8; ++i) sum += x[j][i];
    }
    const float mean = kCentred ? over_block<Sum>(sum) / kRowWidth : 0.0f;
    for (int j = 0; j < kUnitsEach; ++j)
      for (int i = 0; i < 8; ++i) squares += (x[j][i] - mean) * (x[j][i] - mean);
    const float scale = 1.0f / sqrt_of(over_block<Sum>(squares) / kRowWidth + kEpsilon);
    for (int j = 0; j < kUnitsEach; ++j) {
      float weight[8];
      load_bf16(weight, o, 1, unit_of_row(0, j));
      for (int i = 0; i < 8; ++i) x[j][i] = (x[j][i] - mean) * scale * weight[i];
      store_bf16(o, 0, unit_of_row(row, j), x[j]);
    }
  }
}

// dx of y = w n(x), n the normalised row: (w dy - mean(w dy) - n mean(w dy n)) / deviation,
// without the first mean for RMSNorm. Statistics are taken again, as fused kernels do.
template <bool kCentred>
ORRERY_KERNEL void norm_rows_backward(Operands o, std::uint64_t rows) {
  for (std::uint64_t row = block_x(); row < rows; row += blocks_x()) {
    float n[kUnitsEach][8], dy[kUnitsEach][8], sum = 0, squares = 0;
    for (int j = 0; j < kUnitsEach; ++j) {
      load_bf16(n[j], o, 0, unit_of_row(row, j));
      load_bf16(dy[j], o, 1, unit_of_row(row, j));
      for (int i = 0; i < 8; ++i) sum += n[j][i];
    }
    const float mean = kCentred ? over_block<Sum>(sum) / kRowWidth : 0.0f;
    for (int j = 0; j < kUnitsEach; ++j)
      for (int i = 0; i < 8; ++i) squares += (n[j][i] - mean) * (n[j][i] - mean);
    const float scale = 1.0f / sqrt_of(over_block<Sum>(squares) / kRowWidth + kEpsilon);
    float sum_dy = 0, sum_dyn = 0;
    for (int j = 0; j < kUnitsEach; ++j) {
      float weight[8];
      load_bf16(weight, o, 2, unit_of_row(0, j));
      for (int i = 0; i < 8; ++i) {
        n[j][i] = (n[j][i] - mean) * scale;
        dy[j][i] *= weight[i];
        sum_dy += dy[j][i];
        sum_dyn += dy[j][i] * n[j][i];
      }
    }
    const float mean_dy = kCentred ? over_block<Sum>(sum_dy) / kRowWidth : 0.0f;
    const float mean_dyn = over_block<Sum>(sum_dyn) / kRowWidth;
    for (int j = 0; j < kUnitsEach; ++j) {
      for (int i = 0; i < 8; ++i) dy[j][i] = (dy[j][i] - mean_dy - n[j][i] * mean_dyn) * scale;
      store_bf16(o, 0, unit_of_row(row, j), dy[j]);
    }
  }
}

ORRERY_KERNEL inline void softmax_rows(Operands o, std::uint64_t rows) {
  for (std::uint64_t row = block_x(); row < rows; row += blocks_x()) {
    float x[kUnitsEach][8], largest = -3.0e38f, sum = 0;
    for (int j = 0; j < kUnitsEach; ++j) {
      load_bf16(x[j], o, 0, unit_of_row(row, j));
      for (int i = 0; i < 8; ++i) largest = Max::join(largest, x[j][i]);
    }
    largest = over_block<Max>(largest);
    for (int j = 0; j < kUnitsEach; ++j)
      for (int i = 0; i < 8; ++i) sum += x[j][i] = exp_of(x[j][i] - largest);
    const float scale = 1.0f / over_block<Sum>(sum);
    for (int j = 0; j < kUnitsEach; ++j) {
      for (int i = 0; i < 8; ++i) x[j][i] *= scale;
      store_bf16(o, 0, unit_of_row(row, j), x[j]);
    }
  }
}

// log(sum(exp(logits))) less one of them, a row: what the loss is made of. One pass,
// each thread with a running maximum of its own.
ORRERY_KERNEL inline void cross_entropy_rows(Operands o, std::uint64_t rows) {
  constexpr int kUnits = kLogitWidth / 8;
  for (std::uint64_t row = block_x(); row < rows; row += blocks_x()) {
    float largest = -3.0e38f, sum = 0;
    for (int unit = static_cast<int>(thread_x()); unit < kUnits; unit += kRowThreads) {
      float x[8], top = largest;
      load_bf16(x, o, 0, row * kUnits + unit);
      for (int i = 0; i < 8; ++i) top = Max::join(top, x[i]);
      sum *= exp_of(largest - top);
      for (int i = 0; i < 8; ++i) sum += exp_of(x[i] - top);
      largest = top;
    }
    const float top = over_block<Max>(largest);
    const float all = over_block<Sum>(sum * exp_of(largest - top));
    if (thread_x() == 0) {
      float target[8];
      load_bf16(target, o, 0, row * kUnits);
      at(o.out, o.first + row / 4)->word[row % 4] = bits_of_float(top + log_of(all) - target[0]);
    }
  }
}

// Sums over rows of kRowWidth columns, added to the first fp32 row of the output.
// Blocks in y take slices of the columns, those in x of the rows.
ORRERY_KERNEL inline void sum_columns(Operands o, std::uint64_t rows) {
  const std::uint64_t unit = block_y() * threads() + thread_x();
  float sum[8] = {};
  constexpr int kAtOnce = 4;  // loads under way
  for (std::uint64_t row = block_x(); row < rows; row += kAtOnce * blocks_x()) {
    float x[kAtOnce][8] = {};
    ORRERY_UNROLL
    for (int r = 0; r < kAtOnce; ++r)
      if (row + r * blocks_x() < rows) load_bf16(x[r], o, 0, (row + r * blocks_x()) * kRowUnits + unit);
    ORRERY_UNROLL
    for (int i = 0; i < 8 * kAtOnce; ++i) sum[i % 8] += x[i / 8][i % 8];
  }
  for (int i = 0; i < 8; ++i) {
    Vector* to = at(o.out, o.first + 2 * unit + i / 4);
    atomic_add(reinterpret_cast<float*>(to) + i % 4, sum[i]);
  }
}

// The sum of the squares of fp32 elements, added to the first of the output.
ORRERY_KERNEL inline void sum_squares(Operands o, std::uint64_t units) {
  float sum = 0;
  for (std::uint64_t unit = global_thread(); unit < units; unit += all_threads()) {
    float x[8];
    load_fp32(x, o, 0, unit);
    for (int i = 0; i < 8; ++i) sum += x[i] * x[i];
  }
  sum = over_block<Sum>(sum);
  if (thread_x() == 0) atomic_add(reinterpret_cast<float*>(at(o.out, o.first)), sum);
}

// Row `row` of the output comes from somewhere: an odd factor permutes the rows of a
// ring, whose number is a power of two.
ORRERY_DEVICE std::uint64_t source_row(std::uint64_t row) {
  return row * 0x9e3779b1u;
}

ORRERY_KERNEL inline void gather_rows(Operands o, std::uint64_t rows) {
  for (std::uint64_t row = block_x(); row < rows; row += blocks_x())
    for (int j = 0; j < kUnitsEach; ++j)
      store(at(o.out, o.first + unit_of_row(row, j)), load(at(o.in, o.first + unit_of_row(source_row(row), j))));
}

// Rotary position embedding of heads of 128: elements i and i + 64 turn by an angle
// whose cosine and sine a table of kPositions x 64 pairs has. A unit is eight pairs.
inline constexpr int kHeadUnits = 8;
inline constexpr int kPositions = 4096;
inline constexpr int kHeadsPerToken = 32;

ORRERY_KERNEL inline void rope(Operands o, const float* table, std::uint64_t units) {
  for (std::uint64_t unit = global_thread(); unit < units; unit += all_threads()) {
    const std::uint64_t head = unit / kHeadUnits, within = unit % kHeadUnits;
    const std::uint64_t position = head / kHeadsPerToken % kPositions;
    const float* turn = table + (position * 64 + within * 8) * 2;
    float a[8], b[8], x[8], y[8];
    load_bf16(a, o, 0, head * 2 * kHeadUnits + within);
    load_bf16(b, o, 0, head * 2 * kHeadUnits + kHeadUnits + within);
    for (int i = 0; i < 8; ++i) {
      x[i] = a[i] * turn[2 * i] - b[i] * turn[2 * i + 1];
      y[i] = a[i] * turn[2 * i + 1] + b[i] * turn[2 * i];
    }
    store_bf16(o, 0, head * 2 * kHeadUnits + within, x);
    store_bf16(o, 0, head * 2 * kHeadUnits + kHeadUnits + within, y);
  }
}

}  // namespace orrery::validate::cuda

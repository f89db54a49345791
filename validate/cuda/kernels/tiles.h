#pragma once

// Tiles of matrices in shared memory, and the fragments of them that tensor cores take.
//
// A tile has rows of kWidth bf16, a multiple of 64. Its 16-byte chunks are permuted
// within every eight by the row (chunk ^ row % 8), so that the eight rows that one
// ldmatrix reads lie in different banks.

#include "validate/cuda/kernels/simt.h"

namespace orrery::validate::cuda {

using Bf16 = std::uint16_t;

// A pragma between two loops looks to the check like a wrong indentation.
// NOLINTBEGIN(readability-misleading-indentation)

template <int kWidth>
struct Tile {
  Bf16* base;

  static constexpr int kChunks = kWidth / 8;

  ORRERY_DEVICE Bf16* chunk(int row, int c) const { return base + (row * kChunks + (c ^ (row & 7))) * 8; }

  // a[16 x 16]: rows row0 on, columns column0 on.
  ORRERY_DEVICE void left(std::uint32_t (&a)[4], int row0, int column0) const {
    const int lane = static_cast<int>(thread_x() % 32), matrix = lane / 8;
    load_matrices(a, chunk(row0 + lane % 8 + matrix % 2 * 8, column0 / 8 + matrix / 2));
  }
  // Two b[16 x 8] side by side, where a row of the tile is a column of b: b[k][n] at row
  // n0 + n, column k0 + k. Words 0, 1 are the first, 2, 3 the second.
  ORRERY_DEVICE void right_of_rows(std::uint32_t (&b)[4], int n0, int k0) const {
    const int lane = static_cast<int>(thread_x() % 32), matrix = lane / 8;
    load_matrices(b, chunk(n0 + lane % 8 + matrix / 2 * 8, k0 / 8 + matrix % 2));
  }
  // The same, where a row of the tile is a row of b: b[k][n] at row k0 + k, column n0 + n.
  ORRERY_DEVICE void right_of_columns(std::uint32_t (&b)[4], int k0, int n0) const {
    const int lane = static_cast<int>(thread_x() % 32), matrix = lane / 8;
    load_matrices_transposed(b, chunk(k0 + lane % 8 + matrix % 2 * 8, n0 / 8 + matrix / 2));
  }
};

// Rows first, first + 1… of a matrix of `count` rows that lie `stride` elements apart
// into a tile; rows beyond are zeros. By all threads of the block, in the background.
template <int kRows, int kThreads, class Tile>
ORRERY_DEVICE void fetch_rows(const Tile& tile, const Bf16* matrix, long long stride, int first, int count) {
  static_assert(kRows * Tile::kChunks % kThreads == 0);
  // Where a thread keeps its column from one step to the next, addresses are sums.
  constexpr bool kSameColumn = kThreads % Tile::kChunks == 0;
  const int thread = static_cast<int>(thread_x());
  ORRERY_UNROLL
  for (int step = 0; step < kRows * Tile::kChunks / kThreads; ++step) {
    const int i = thread + step * kThreads;
    const int row = kSameColumn ? thread / Tile::kChunks + step * (kThreads / Tile::kChunks) : i / Tile::kChunks;
    const int c = kSameColumn ? thread % Tile::kChunks : i % Tile::kChunks;
    const bool valid = first + row < count;
    copy_async(tile.chunk(row, c), matrix + (valid ? first + row : 0) * stride + c * 8, valid);
  }
}

// What a warp's products leave: kBands bands of 16 rows, each of kTiles tiles of 16 x 8.
template <int kBands, int kTiles>
using Product = float[kBands][kTiles][4];

template <int kBands, int kTiles>
ORRERY_DEVICE void clear(Product<kBands, kTiles>& x) {
  ORRERY_UNROLL
  for (int band = 0; band < kBands; ++band) ORRERY_UNROLL
  for (int t = 0; t < kTiles; ++t) ORRERY_UNROLL
  for (int e = 0; e < 4; ++e) x[band][t][e] = 0;
}

// sum += left rows row0 on, times the transpose of right's rows: over kDepth columns.
// What is read of the right serves all bands.
template <int kDepth, int kBands, int kTiles>
ORRERY_DEVICE void multiply_rows(Product<kBands, kTiles>& sum, const Tile<kDepth>& left, int row0,
                                 const Tile<kDepth>& right) {
  ORRERY_UNROLL
  for (int k = 0; k < kDepth; k += 16) {
    std::uint32_t a[kBands][4];
    ORRERY_UNROLL
    for (int band = 0; band < kBands; ++band) left.left(a[band], row0 + 16 * band, k);
    ORRERY_UNROLL
    for (int n = 0; n < kTiles; n += 2) {
      std::uint32_t b[4];
      right.right_of_rows(b, n * 8, k);
      ORRERY_UNROLL
      for (int band = 0; band < kBands; ++band) {
        multiply_add(sum[band][n], a[band], b[0], b[1]);
        multiply_add(sum[band][n + 1], a[band], b[2], b[3]);
      }
    }
  }
}

// Two tiles of a product, side by side, as a[16 x 16] of the next.
ORRERY_DEVICE void left_of(std::uint32_t (&a)[4], const float (&upper)[4], const float (&lower)[4]) {
  ORRERY_UNROLL
  for (int word = 0; word < 4; ++word) {
    const float(&from)[4] = word < 2 ? upper : lower;
    a[word] = pack_bf16(from[word % 2 * 2], from[word % 2 * 2 + 1]);
  }
}

// sum += x times the tile, whose rows x's columns count over. x goes in as bf16.
template <int kWidth, int kBands, int kTiles>
ORRERY_DEVICE void multiply_columns(Product<kBands, kWidth / 8>& sum, const Product<kBands, kTiles>& x,
                                    const Tile<kWidth>& right) {
  ORRERY_UNROLL
  for (int k = 0; k < kTiles; k += 2) {
    std::uint32_t a[kBands][4];
    ORRERY_UNROLL
    for (int band = 0; band < kBands; ++band) left_of(a[band], x[band][k], x[band][k + 1]);
    ORRERY_UNROLL
    for (int n = 0; n < kWidth / 8; n += 2) {
      std::uint32_t b[4];
      right.right_of_columns(b, k * 8, n * 8);
      ORRERY_UNROLL
      for (int band = 0; band < kBands; ++band) {
        multiply_add(sum[band][n], a[band], b[0], b[1]);
        multiply_add(sum[band][n + 1], a[band], b[2], b[3]);
      }
    }
  }
}

// In a product's 16 x 8 tiles a lane has, of tile t: elements 0, 1 of row lane / 4 and 2, 3
// of the row eight below, at columns 8t + 2 (lane % 4) and the next.
ORRERY_DEVICE int row_of(int element) {
  return static_cast<int>(thread_x() % 32) / 4 + element / 2 * 8;
}
ORRERY_DEVICE int column_of(int tile, int element) {
  return tile * 8 + static_cast<int>(thread_x() % 4) * 2 + element % 2;
}

// Writes rows of a product, times `scale`, as bf16; rows at or beyond `count` are left out.
template <int kTiles>
ORRERY_DEVICE void store_rows(Bf16* matrix, long long stride, int first, int count, const float (&sum)[kTiles][4],
                              float scale_upper, float scale_lower) {
  ORRERY_UNROLL
  for (int half = 0; half < 2; ++half) {
    const int row = first + row_of(2 * half);
    if (row >= count) continue;
    const float scale = half == 0 ? scale_upper : scale_lower;
    ORRERY_UNROLL
    for (int t = 0; t < kTiles; ++t) {
      const std::uint32_t pair = pack_bf16(sum[t][2 * half] * scale, sum[t][2 * half + 1] * scale);
      *reinterpret_cast<std::uint32_t*>(matrix + row * stride + column_of(t, 0)) = pair;
    }
  }
}

// NOLINTEND(readability-misleading-indentation)

}  // namespace orrery::validate::cuda

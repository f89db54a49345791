#pragma once

// Tiles for the products of warpgroups: columns in panels of 64, each a matrix of its own
// whose chunks are permuted as in tiles.h. A tile begins at a multiple of 1024 bytes.

#include "validate/cuda/kernels/tiles.h"
#include "validate/cuda/kernels/warpgroup.h"

namespace orrery::validate::cuda {

// A pragma between two loops looks to the check like a wrong indentation.
// NOLINTBEGIN(readability-misleading-indentation)

template <int kWidth, int kRows>
struct Panels {
  static_assert(kWidth % 64 == 0 && kRows % 8 == 0);
  Bf16* base;

  static constexpr int kChunks = kWidth / 8, kRowBytes = 128, kPanelBytes = kRows * kRowBytes;

  ORRERY_DEVICE Bf16* chunk(int row, int c) const {
    return base + c / 8 * (kPanelBytes / 2) + (row * 8 + ((c % 8) ^ (row & 7))) * 8;
  }
  // Rows row0 on, columns column0 on, as an instruction takes them.
  ORRERY_DEVICE std::uint64_t matrix(int row0, int column0) const {
    const int at = column0 / 64 * kPanelBytes + row0 * kRowBytes + column0 % 64 * 2;
    return matrix_at(shared_address(base) + static_cast<std::uint32_t>(at), kPanelBytes);
  }
};

// As those of tiles.h. A warp's rows are 16 of its warpgroup's 64.
template <int kDepth, int kLeftRows, int kRightRows, int kTiles>
ORRERY_DEVICE void multiply_rows(Product<1, kTiles>& sum, const Panels<kDepth, kLeftRows>& left, int row0,
                                 const Panels<kDepth, kRightRows>& right) {
  static_assert(kTiles * 8 == kRightRows);
  begin_products();
  ORRERY_UNROLL
  for (int k = 0; k < kDepth; k += 16) multiply_64(sum[0], left.matrix(row0 / 64 * 64, k), right.matrix(0, k));
  end_products();
  ORRERY_UNROLL
  for (int i = 0; i < 4 * kTiles; ++i) settle(sum[0][i / 4][i % 4]);
}

template <int kWidth, int kRows, int kTiles>
ORRERY_DEVICE void multiply_columns(Product<1, kWidth / 8>& sum, const Product<1, kTiles>& x,
                                    const Panels<kWidth, kRows>& right) {
  static_assert(kTiles * 8 == kRows);
  std::uint32_t a[kTiles / 2][4];
  ORRERY_UNROLL
  for (int k = 0; k < kTiles; k += 2) left_of(a[k / 2], x[0][k], x[0][k + 1]);
  begin_products();
  ORRERY_UNROLL
  for (int k = 0; k < kTiles; k += 2) multiply_64(sum[0], a[k / 2], right.matrix(k * 8, 0));
  end_products();
  ORRERY_UNROLL
  for (int i = 0; i < kWidth / 2; ++i) settle(sum[0][i / 4][i % 4]);
}

// NOLINTEND(readability-misleading-indentation)

}  // namespace orrery::validate::cuda

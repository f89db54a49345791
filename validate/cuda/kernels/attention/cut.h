#pragma once

#include "validate/cuda/kernels/panels.h"

namespace orrery::validate::cuda {

// Whose products a kernel is made of: each warp's own, or those of four warps together.
struct Warps {
  template <int kWidth, int kRows>
  using Tile = cuda::Tile<kWidth>;
  ORRERY_DEVICE static void have_landed() {}
};
struct Warpgroups {
  template <int kWidth, int kRows>
  using Tile = Panels<kWidth, kRows>;
  ORRERY_DEVICE static void have_landed() { show_to_tensor_cores(); }
};

// How a kernel's work is cut: a block has kWarps warps, each of them kBands bands of 16
// rows; kInner rows of the other side go by at once.
template <int kWarps_, int kBands_, int kInner_, class Products = Warps>
struct Cut : Products {
  static constexpr int kWarps = kWarps_, kBands = kBands_, kInner = kInner_;
  static constexpr int kThreads = kWarps * 32, kRows = kWarps * kBands * 16;
  template <int kWidth>
  using Outer = typename Products::template Tile<kWidth, kRows>;
  template <int kWidth>
  using Inner = typename Products::template Tile<kWidth, kInner>;

  // What was fetched is there, for all; and nobody reads any more what was there before.
  ORRERY_DEVICE static void meet() {
    wait_for_copies<0>();
    Products::have_landed();
    sync_threads();
  }
};

// Rows of a warp's product that one lane has.
template <int kBands>
using Rows = float[kBands][2];

}  // namespace orrery::validate::cuda

#pragma once

#include <cstdint>

#include "models/scenario/scenario.h"

namespace orrery::models {

// How the ranks of a tensor-parallel group stand, and with that how matrices are
// split (Colossal-AI's kinds; docs/operators.md has the products).
//
//  1d    in a line: matrices by columns, then by rows (Megatron-LM).
//  2d    side x side: every matrix in side x side blocks (SUMMA; Optimus, arXiv:2104.05343).
//  2.5d  depth squares on top of each other: each has all weights in blocks and its
//        part of the batch (Tesseract, arXiv:2105.14500).
//  3d    a cube: activations, weights and products by two of its three directions each,
//        spread over the third (arXiv:2105.14450).
//
// A rank's place t is row, column and level: t = (level * side + column) * side + row,
// as Colossal-AI numbers them. One rank is a line, whatever was asked for.
struct TensorGrid {
  TensorDimensions dimensions = TensorDimensions::line;
  int side = 1, depth = 1;  // depth: levels; a cube's is its side

  bool active() const { return dimensions != TensorDimensions::line; }
  bool cube() const { return dimensions == TensorDimensions::cube; }
  // Parts of the batch, of a hidden vector, and of a weight, each on a rank of its own.
  int batch_parts() const { return cube() ? side * side : side * depth; }
  int hidden_parts() const { return side; }
  int weight_parts() const { return cube() ? side * side * side : side * side; }
};

// A side of 0: there is no such grid of layout.tp ranks. For 2.5d the deepest whose
// depth is at most its side: the one that communicates least.
TensorGrid tensor_grid(const LayoutSpec& layout);

}  // namespace orrery::models

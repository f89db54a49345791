#include "models/layout/tensor_grid.h"

namespace orrery::models {
namespace {

// The number whose `power`th power is n; 0 if there is none.
int root(int n, int power) {
  for (int side = 1;; ++side) {
    std::int64_t product = 1;
    for (int i = 0; i < power; ++i) product *= side;
    if (product >= n) return product == n ? side : 0;
  }
}

TensorGrid tesseract(int ranks) {
  for (int side = 1; std::int64_t{side} * side <= ranks; ++side)
    if (ranks % (side * side) == 0 && ranks / (side * side) <= side)
      return {TensorDimensions::tesseract, side, ranks / (side * side)};
  return {TensorDimensions::tesseract, 0, 0};
}

}  // namespace

TensorGrid tensor_grid(const LayoutSpec& layout) {
  if (layout.tp == 1) return {};
  switch (layout.tp_dimensions) {
    case TensorDimensions::line:
      break;
    case TensorDimensions::square:
      return {TensorDimensions::square, root(layout.tp, 2), 1};
    case TensorDimensions::tesseract:
      return tesseract(layout.tp);
    case TensorDimensions::cube:
      return {TensorDimensions::cube, root(layout.tp, 3), root(layout.tp, 3)};
  }
  return {};
}

}  // namespace orrery::models

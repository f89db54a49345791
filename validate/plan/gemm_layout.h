#pragma once

#include <cstdint>

#include "models/compute/kernel.h"

namespace orrery::validate {

// A product as cuBLASLt is told of it. Its matrices are column-major, ours row-major:
// the same memory is its transpose, so it is asked for yᵀ = wᵀ xᵀ and `a` is w, `b` x.
//
// Operands lie as frameworks keep them for y = x Wᵀ, W [out, in]: the forward product
// reads W as it is ("TN"), the data gradient contracts over W's rows ("NN"), the weight
// gradient over tokens, of which both operands are rows ("NT"). fp8 products are TN
// alone on Hopper, so there the operands are kept transposed as well.
struct GemmLayout {
  struct Matrix {
    std::int64_t rows = 0, columns = 0;  // as stored, column-major; the leading dimension is `rows`
    std::int64_t elements() const { return rows * columns; }
  };
  std::int64_t m = 0, n = 0, k = 0;  // of the column-major product
  bool transpose_a = false, transpose_b = false;
  Matrix a, b, d;
};

GemmLayout gemm_layout(const models::GemmShape& shape);

// Operations of the product.
double gemm_flops(const models::GemmShape& shape);

}  // namespace orrery::validate

#include "validate/plan/gemm_layout.h"

namespace orrery::validate {

GemmLayout gemm_layout(const models::GemmShape& shape) {
  using models::GemmRole;
  const bool one_byte = shape.dtype == models::Dtype::fp8;
  GemmLayout layout;
  layout.m = shape.n;
  layout.n = shape.m;
  layout.k = shape.k;
  layout.transpose_a = one_byte || shape.role == GemmRole::forward;
  layout.transpose_b = !one_byte && shape.role == GemmRole::weight_gradient;
  layout.a = layout.transpose_a ? GemmLayout::Matrix{layout.k, layout.m} : GemmLayout::Matrix{layout.m, layout.k};
  layout.b = layout.transpose_b ? GemmLayout::Matrix{layout.n, layout.k} : GemmLayout::Matrix{layout.k, layout.n};
  layout.d = {layout.m, layout.n};
  return layout;
}

double gemm_flops(const models::GemmShape& shape) {
  return 2.0 * static_cast<double>(shape.batch) * static_cast<double>(shape.m) * static_cast<double>(shape.n) *
         static_cast<double>(shape.k);
}

}  // namespace orrery::validate

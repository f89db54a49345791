#include "validate/cuda/products/gemm_types.h"

namespace orrery::validate::cuda {

std::optional<GemmTypes> gemm_types(const models::GemmShape& shape) {
  using models::Dtype;
  GemmTypes types;
  switch (shape.dtype) {
    case Dtype::bf16:
      break;
    case Dtype::fp16:
      types.operand = types.result = CUDA_R_16F;
      types.fill = Fill::fp16;
      break;
    case Dtype::fp32:
    case Dtype::tf32:
      types.operand = types.result = CUDA_R_32F;
      types.operand_bytes = types.result_bytes = 4;
      if (shape.dtype == Dtype::tf32) types.compute = CUBLAS_COMPUTE_32F_FAST_TF32;
      break;
    case Dtype::fp8:
      types.operand = CUDA_R_8F_E4M3;
      types.operand_bytes = 1;
      types.fill = Fill::fp8;
      types.scaled = true;
      types.fast_sum = shape.role == models::GemmRole::forward;
      break;
    case Dtype::mxfp8:
    case Dtype::nvfp4:
      return std::nullopt;
  }
  if (shape.accumulate) types.result = CUDA_R_32F, types.result_bytes = 4;
  return types;
}

}  // namespace orrery::validate::cuda

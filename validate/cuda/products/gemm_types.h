#pragma once

#include <cublasLt.h>

#include <optional>

#include "models/compute/kernel.h"
#include "validate/cuda/launch.h"

namespace orrery::validate::cuda {

// Number formats of a product: operands, result (of a weight gradient that is
// accumulated: fp32), and how it adds up.
struct GemmTypes {
  cudaDataType_t operand = CUDA_R_16BF, result = CUDA_R_16BF;
  cublasComputeType_t compute = CUBLAS_COMPUTE_32F;
  Fill fill = Fill::bf16;  // what operands are filled with; fp32 ones read pairs of bf16
  std::uint64_t operand_bytes = 2, result_bytes = 2;
  bool scaled = false;    // fp8: operands have scale factors
  bool fast_sum = false;  // fp8: sums kept short in the tensor core, as frameworks do forward
};

// None for formats that are not run: mxfp8, nvfp4.
std::optional<GemmTypes> gemm_types(const models::GemmShape& shape);

}  // namespace orrery::validate::cuda

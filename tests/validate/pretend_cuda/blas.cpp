// cuBLASLt: products that take the time of a roofline, by two algorithms of which the second is the faster.
#include <cublasLt.h>

#include <algorithm>
#include <cstring>

#include "kernels.h"

using orrery::pretend::Locked;
using orrery::pretend::Machine;

namespace {

// What is kept in the opaque descriptions.
struct Matrix {
  cudaDataType_t type;
  std::uint64_t rows, columns;
  std::int64_t leading, batch, stride;
};
struct Product {
  cublasComputeType_t compute;
  std::int32_t transpose_a, transpose_b;
};
static_assert(sizeof(Matrix) <= sizeof(cublasLtMatrixLayoutOpaque_t));
static_assert(sizeof(Product) <= sizeof(cublasLtMatmulDescOpaque_t));

template <class To, class From>
To& as(From* opaque) {
  return *reinterpret_cast<To*>(opaque);
}
template <class To, class From>
const To& as(const From* opaque) {
  return *reinterpret_cast<const To*>(opaque);
}

std::uint64_t bytes_of(cudaDataType_t type) {
  return type == CUDA_R_32F ? 4 : type == CUDA_R_8F_E4M3 || type == CUDA_R_8F_E5M2 ? 1 : 2;
}
std::uint64_t bytes_of(const Matrix& m) {
  return static_cast<std::uint64_t>(m.batch) * m.rows * m.columns * bytes_of(m.type);
}

double flops_per_ns(const Matrix& a) {
  constexpr double kOf16Bits = 600e3;
  return kOf16Bits * 2 / static_cast<double>(bytes_of(a.type));
}

constexpr int kAlgorithms = 2;
constexpr double kSlower = 1.3;  // the first algorithm

}  // namespace

extern "C" {

cublasStatus_t cublasLtCreate(cublasLtHandle_t* handle) {
  return *handle = reinterpret_cast<cublasLtHandle_t>(new int), CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtDestroy(cublasLtHandle_t handle) {
  return delete reinterpret_cast<int*>(handle), CUBLAS_STATUS_SUCCESS;
}
std::size_t cublasLtGetVersion() {
  return 1;
}
const char* cublasLtGetStatusString(cublasStatus_t) {
  return "a pretended status";
}

cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t* made, cublasComputeType_t compute, cudaDataType_t) {
  *made = new cublasLtMatmulDescOpaque_t{};
  as<Product>(*made).compute = compute;
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t description) {
  return delete description, CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t description,
                                              cublasLtMatmulDescAttributes_t attribute, const void* value,
                                              std::size_t size) {
  if (attribute == CUBLASLT_MATMUL_DESC_TRANSA) std::memcpy(&as<Product>(description).transpose_a, value, size);
  if (attribute == CUBLASLT_MATMUL_DESC_TRANSB) std::memcpy(&as<Product>(description).transpose_b, value, size);
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t* made, cudaDataType type, std::uint64_t rows,
                                          std::uint64_t columns, std::int64_t leading) {
  *made = new cublasLtMatrixLayoutOpaque_t{};
  as<Matrix>(*made) = {type, rows, columns, leading, 1, 0};
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t layout) {
  return delete layout, CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatrixLayoutSetAttribute(cublasLtMatrixLayout_t layout,
                                                cublasLtMatrixLayoutAttribute_t attribute, const void* value,
                                                std::size_t) {
  if (attribute == CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT) {
    std::int32_t batch = 0;
    std::memcpy(&batch, value, sizeof batch);
    as<Matrix>(layout).batch = batch;
  }
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t* made) {
  return *made = new cublasLtMatmulPreferenceOpaque_t{}, CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t wishes) {
  return delete wishes, CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t, cublasLtMatmulPreferenceAttributes_t,
                                                    const void*, std::size_t) {
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t, cublasLtMatmulDesc_t, cublasLtMatrixLayout_t a,
                                              cublasLtMatrixLayout_t, cublasLtMatrixLayout_t, cublasLtMatrixLayout_t,
                                              cublasLtMatmulPreference_t, int wanted,
                                              cublasLtMatmulHeuristicResult_t results[], int* found) {
  *found = 0;
  const Matrix& matrix = as<Matrix>(a);
  if (bytes_of(matrix.type) == 1 && (matrix.rows % 16 != 0 || matrix.columns % 16 != 0))
    return CUBLAS_STATUS_NOT_SUPPORTED;
  for (; *found < std::min(wanted, kAlgorithms); ++*found) {
    results[*found] = {};
    results[*found].algo.data[0] = static_cast<std::uint64_t>(*found);
    results[*found].state = CUBLAS_STATUS_SUCCESS;
  }
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulAlgoConfigGetAttribute(const cublasLtMatmulAlgo_t* algorithm,
                                                    cublasLtMatmulAlgoConfigAttributes_t, void* value, std::size_t size,
                                                    std::size_t* written) {
  std::memcpy(value, &algorithm->data[0], std::min(size, sizeof algorithm->data[0]));
  return *written = size, CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmul(cublasLtHandle_t, cublasLtMatmulDesc_t description, const void*, const void* a,
                              cublasLtMatrixLayout_t a_layout, const void* b, cublasLtMatrixLayout_t b_layout,
                              const void*, const void* c, cublasLtMatrixLayout_t c_layout, void* d,
                              cublasLtMatrixLayout_t d_layout, const cublasLtMatmulAlgo_t* algorithm, void* workspace,
                              std::size_t workspace_bytes, cudaStream_t stream) {
  Machine& machine = Machine::get();
  machine.wait_for_room(machine.of(stream));
  const Locked lock(machine.lock);
  if (machine.launch() != cudaSuccess) return CUBLAS_STATUS_EXECUTION_FAILED;
  const Matrix &of_a = as<Matrix>(a_layout), &of_b = as<Matrix>(b_layout), &of_d = as<Matrix>(d_layout);
  const bool turned_a = as<Product>(description).transpose_a == CUBLAS_OP_T,
             turned_b = as<Product>(description).transpose_b == CUBLAS_OP_T;
  const std::uint64_t m = turned_a ? of_a.columns : of_a.rows, k = turned_a ? of_a.rows : of_a.columns;
  const std::uint64_t n = turned_b ? of_b.rows : of_b.columns, k_of_b = turned_b ? of_b.columns : of_b.rows;
  if (k != k_of_b || m != of_d.rows || n != of_d.columns || of_a.batch != of_d.batch || of_b.batch != of_d.batch)
    return CUBLAS_STATUS_INVALID_VALUE;
  if (!machine.holds(a, bytes_of(of_a)) || !machine.holds(b, bytes_of(of_b)) || !machine.holds(d, bytes_of(of_d)) ||
      !machine.holds(c, bytes_of(as<Matrix>(c_layout))) || !machine.holds(workspace, workspace_bytes))
    return CUBLAS_STATUS_INVALID_VALUE;
  CUstream_st* const on = machine.of(stream);
  const double flops =
      2.0 * static_cast<double>(of_d.batch) * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
  const double moved = static_cast<double>(bytes_of(of_a) + bytes_of(of_b) + bytes_of(of_d));
  const double ns = 3000 + orrery::pretend::roofline_ns(flops, flops_per_ns(of_a), moved, on->sms);
  machine.enqueue_for(on, machine.slowed(algorithm->data[0] == 0 ? kSlower * ns : ns));
  return CUBLAS_STATUS_SUCCESS;
}

}  // extern "C"

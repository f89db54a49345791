#include "validate/cuda/faults.h"

namespace orrery::validate::cuda {
namespace {

// What a person can do about it, where that is known.
const char* advice(cudaError_t status) {
  switch (status) {
    case cudaErrorECCUncorrectable:
      return "; the GPU has a memory error that cannot be corrected: see the kernel log for its XID and reset the GPU";
    case cudaErrorNoDevice:
    case cudaErrorInsufficientDriver:
      return "; no GPU that this driver can use";
    case cudaErrorIllegalAddress:
    case cudaErrorLaunchFailure:
    case cudaErrorMisalignedAddress:
      return "; noticed here, caused by this op or one before it (compute-sanitizer tells which)";
    case cudaErrorNoKernelImageForDevice:
      return "; orrery-gpu was not compiled for this GPU (CMAKE_CUDA_ARCHITECTURES)";
    default:
      return "";
  }
}

std::string text_of(const Place& place) {
  return "rank " + std::to_string(place.rank.value) + ", step " + std::to_string(place.step) + ", stream " +
         std::to_string(place.stream) + ", op " + std::to_string(place.op) + ": ";
}

}  // namespace

bool Faults::ok(cudaError_t status, const char* doing) {
  if (status == cudaSuccess) return true;
  add(std::string(doing) + ": " + cudaGetErrorString(status) + " (" + cudaGetErrorName(status) + ")" + advice(status));
  return false;
}

bool Faults::ok(cublasStatus_t status, const char* doing) {
  if (status == CUBLAS_STATUS_SUCCESS) return true;
  add(std::string(doing) + ": " + cublasLtGetStatusString(status));
  return false;
}

void Faults::add(const std::string& what, Fault kind) {
  if (!errors_.empty()) return;
  errors_.push_back({{}, (has_place_ ? text_of(place_) : std::string()) + what, kind});
}

}  // namespace orrery::validate::cuda

// The kernels that a device runs.
#include "models/compute/gemm.h"
#include "validate/cuda/device.h"
#include "validate/cuda/launch.h"
#include "validate/cuda/products/gemm_types.h"
#include "validate/plan/attention_plan.h"

namespace orrery::validate::cuda {

bool CudaDevice::can_run(const models::Kernel& kernel) const {
  if (const auto* attention = std::get_if<models::AttentionShape>(&kernel.shape))
    return attention_plan(*attention).ok();
  const auto* gemm = std::get_if<models::GemmShape>(&kernel.shape);
  if (gemm == nullptr) return true;
  if (!gemm_types(*gemm) || gemms_->refuses(*gemm)) return false;
  int major = 0, minor = 0;
  cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, options_.gpu);
  cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, options_.gpu);
  constexpr int kFirstWithFp8 = 89;
  return gemm->dtype != models::Dtype::fp8 || 10 * major + minor >= kFirstWithFp8;
}

void CudaDevice::prepare(std::span<const models::Kernel> kernels) {
  arena_.reserve(Fill::bf16, 0, 0);
  for (const models::Kernel& kernel : kernels) {
    if (!can_run(kernel)) continue;
    if (const auto* gemm = std::get_if<models::GemmShape>(&kernel.shape)) gemms_->reserve(*gemm);
    if (const auto* attention = std::get_if<models::AttentionShape>(&kernel.shape))
      attention_.reserve(*attention, sms_);
  }
  for (const models::Kernel& kernel : kernels)
    if (const auto* gemm = std::get_if<models::GemmShape>(&kernel.shape); gemm && can_run(kernel))
      gemms_->prepare(*gemm, origin_);
  faults_.ok(cudaDeviceSynchronize(), "preparing kernels");
}

void CudaDevice::kernel(StreamHandle handle, const Work& work, const Place& place) {
  if (failed()) return;
  faults_.at(place);
  if (work.kernel == nullptr) {
    if (!options_.host_ops || work.planned <= Duration()) return;
    const cudaStream_t s = stream(handle);
    if (s == nullptr) return;
    delay(work.planned, s);
    return;
  }
  const cudaStream_t s = stream(handle);
  if (s == nullptr) return;
  marks_.begin(place);
  launch(*work.kernel, s);
  if (work.lag() > Duration()) delay(work.lag(), s);
  marks_.end();
}

void CudaDevice::delay(Duration time, cudaStream_t stream) {
  faults_.ok(launch_delay(static_cast<std::uint64_t>(time.count_ps() / 1000), stream), "a delay");
}

void CudaDevice::launch(const models::Kernel& kernel, cudaStream_t stream) {
  if (const auto* gemm = std::get_if<models::GemmShape>(&kernel.shape)) {
    if (const Bytes quantized = models::quantized_bytes(*gemm); quantized.n > 0)
      stream_through("cast", quantized, stream);
    gemms_->run(*gemm, stream);
  } else if (const auto* memory = std::get_if<models::MemoryBoundShape>(&kernel.shape)) {
    stream_through(memory->family, memory->bytes, stream);
  } else {
    attention_.run(std::get<models::AttentionShape>(kernel.shape), sms_, stream);
  }
}

void CudaDevice::stream_through(const std::string& family, Bytes bytes, cudaStream_t stream) {
  const MemoryKernel kernel = memory_kernel(family);
  if (!arena_.reserve(Fill::bf16, 0, 0)) return;
  faults_.ok(launch_memory_kernel(kernel, arena_.streams(static_cast<std::uint64_t>(bytes.n)), units_for(kernel, bytes),
                                  arena_.rope_table(), sms_, stream),
             family.c_str());
}

}  // namespace orrery::validate::cuda

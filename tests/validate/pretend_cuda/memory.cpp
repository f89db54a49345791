// CUDA's runtime: memory, and what moves it.
#include <cstring>
#include <new>

#include "machine.h"

using orrery::pretend::Locked;
using orrery::pretend::Machine;

namespace {

Machine& machine() {
  return Machine::get();
}

// Copies and fills go at so many bytes a nanosecond.
constexpr double kHostLink = 50, kMemory = 3000;

cudaError_t move(cudaStream_t stream, std::size_t bytes, double rate) {
  const cudaError_t status = machine().launch();
  if (status == cudaSuccess)
    machine().enqueue_for(machine().of(stream), machine().slowed(2000 + static_cast<double>(bytes) / rate));
  return status;
}

}  // namespace

extern "C" {

cudaError_t cudaMalloc(void** at, std::size_t bytes) {
  const Locked lock(machine().lock);
  *at = machine().allocate(bytes);
  return machine().tell(*at == nullptr ? cudaErrorMemoryAllocation : cudaSuccess);
}

cudaError_t cudaFree(void* at) {
  if (at == nullptr) return cudaSuccess;
  const cudaError_t status = cudaDeviceSynchronize();
  if (status != cudaSuccess) return status;
  const Locked lock(machine().lock);
  return machine().tell(machine().free(at) ? cudaSuccess : cudaErrorInvalidValue);
}

cudaError_t cudaMemGetInfo(std::size_t* unused, std::size_t* all) {
  const Locked lock(machine().lock);
  *all = machine().memory_bytes;
  *unused = machine().memory_bytes - machine().held();
  return machine().tell(cudaSuccess);
}

cudaError_t cudaMallocHost(void** at, std::size_t bytes) {
  *at = ::operator new(bytes);
  return cudaSuccess;
}
cudaError_t cudaFreeHost(void* at) {
  ::operator delete(at);
  return cudaSuccess;
}

cudaError_t cudaMemset(void* at, int, std::size_t bytes) {
  const Locked lock(machine().lock);
  if (!machine().holds(at, bytes)) return machine().sticky = cudaErrorIllegalAddress;
  return move(nullptr, bytes, kMemory);
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind, cudaStream_t stream) {
  const Locked lock(machine().lock);
  const void* on_gpu = kind == cudaMemcpyDeviceToHost ? from : to;
  if (!machine().holds(on_gpu, bytes)) return machine().sticky = cudaErrorIllegalAddress;
  constexpr std::size_t kRead = 4096;  // what a host looks at is small
  if (kind == cudaMemcpyDeviceToHost && bytes <= kRead) std::memset(to, 0, bytes);
  return move(stream, bytes, kHostLink);
}

cudaError_t cudaMemcpy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
  const cudaError_t status = cudaMemcpyAsync(to, from, bytes, kind, nullptr);
  return status == cudaSuccess ? cudaDeviceSynchronize() : status;
}

}  // extern "C"

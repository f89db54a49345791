// Launches, as nvcc's host code makes them.
#include <string>
#include <unordered_map>

#include "kernels.h"

using orrery::pretend::Item;
using orrery::pretend::Locked;
using orrery::pretend::Machine;

namespace {

struct Configuration {
  dim3 grid, block;
  std::size_t shared = 0;
  cudaStream_t stream = nullptr;
};
thread_local Configuration configuration;

// By the host's stub. Filled before main(), so made when it is first asked for.
std::unordered_map<const void*, std::string>& names() {
  static auto* const all = new std::unordered_map<const void*, std::string>;
  return *all;
}

}  // namespace

struct CUkern_st {
  std::string name;
};

extern "C" {

void** __cudaRegisterFatBinary(void*) {
  static void* handle = nullptr;
  return &handle;
}
void __cudaRegisterFatBinaryEnd(void**) {}
void __cudaUnregisterFatBinary(void**) {}

void __cudaRegisterFunction(void**, const char* host, char*, const char* device, int, uint3*, uint3*, dim3*, dim3*,
                            int*) {
  names()[host] = device;
}

unsigned __cudaPushCallConfiguration(dim3 grid, dim3 block, std::size_t shared, CUstream_st* stream) {
  configuration = {grid, block, shared, stream};
  return 0;
}
cudaError_t __cudaPopCallConfiguration(dim3* grid, dim3* block, std::size_t* shared, void* stream) {
  *grid = configuration.grid;
  *block = configuration.block;
  *shared = configuration.shared;
  *static_cast<cudaStream_t*>(stream) = configuration.stream;
  return cudaSuccess;
}

cudaError_t __cudaGetKernel(cudaKernel_t* kernel, const void* host) {
  *kernel = new CUkern_st{names().at(host)};
  return cudaSuccess;
}

cudaError_t __cudaLaunchKernel(cudaKernel_t kernel, dim3 grid, dim3 block, void** arguments, std::size_t,
                               cudaStream_t stream) {
  Machine& machine = Machine::get();
  machine.wait_for_room(machine.of(stream));
  const Locked lock(machine.lock);
  if (const cudaError_t status = machine.launch(); status != cudaSuccess) return status;
  CUstream_st* const on = machine.of(stream);
  Item item = orrery::pretend::kernel_item(kernel->name, grid, block, arguments, on->sms);
  if (!item) return machine.sticky = cudaErrorIllegalAddress;
  machine.enqueue(on, std::move(item));
  return cudaSuccess;
}

cudaError_t cudaFuncSetAttribute(const void*, cudaFuncAttribute, int) {
  return cudaSuccess;
}

}  // extern "C"

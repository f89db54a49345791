// Pools of memory in stream order: as if what is freed is there again at once.
#include <algorithm>

#include "machine.h"

using orrery::pretend::Locked;
using orrery::pretend::Machine;

struct CUmemPoolHandle_st {
  std::map<void*, std::uint64_t> held;
  std::uint64_t bytes = 0, high = 0;
};

namespace {

std::map<void*, CUmemPoolHandle_st*>& pool_of() {
  static auto* const all = new std::map<void*, CUmemPoolHandle_st*>;
  return *all;
}

}  // namespace

extern "C" {

cudaError_t cudaMemPoolCreate(cudaMemPool_t* pool, const cudaMemPoolProps*) {
  return *pool = new CUmemPoolHandle_st, cudaSuccess;
}
cudaError_t cudaMemPoolDestroy(cudaMemPool_t pool) {
  return delete pool, cudaSuccess;
}
cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t, cudaMemPoolAttr, void*) {
  return cudaSuccess;
}
cudaError_t cudaMemPoolGetAttribute(cudaMemPool_t pool, cudaMemPoolAttr, void* value) {
  return *static_cast<std::uint64_t*>(value) = pool->high, cudaSuccess;
}

cudaError_t cudaMallocFromPoolAsync(void** at, std::size_t bytes, cudaMemPool_t pool, cudaStream_t) {
  const Locked lock(Machine::get().lock);
  *at = Machine::get().allocate(bytes);
  if (*at == nullptr) return Machine::get().tell(cudaErrorMemoryAllocation);
  pool->held[*at] = bytes;
  pool_of()[*at] = pool;
  pool->high = std::max(pool->high, pool->bytes += bytes);
  return cudaSuccess;
}
cudaError_t cudaFreeAsync(void* at, cudaStream_t) {
  const Locked lock(Machine::get().lock);
  CUmemPoolHandle_st& pool = *pool_of().at(at);
  pool.bytes -= pool.held.at(at);
  pool.held.erase(at);
  pool_of().erase(at);
  return Machine::get().tell(Machine::get().free(at) ? cudaSuccess : cudaErrorInvalidValue);
}

}  // extern "C"

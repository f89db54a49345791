#include "validate/cuda/memory/memory.h"

#include <algorithm>

namespace orrery::validate::cuda {

Memory::~Memory() {
  for (const auto& [rank, pool] : pools_) cudaMemPoolDestroy(pool);
}

cudaMemPool_t Memory::pool_of(RankId rank) {
  cudaMemPool_t& pool = pools_[rank];
  if (pool != nullptr) return pool;
  cudaMemPoolProps properties{};
  properties.allocType = cudaMemAllocationTypePinned;
  properties.location.type = cudaMemLocationTypeDevice;
  properties.location.id = gpu_;
  if (!faults_.ok(cudaMemPoolCreate(&pool, &properties), "a pool of memory")) return nullptr;
  std::uint64_t keep_all = UINT64_MAX;
  int no = 0;
  faults_.ok(cudaMemPoolSetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &keep_all), "a pool of memory");
  faults_.ok(cudaMemPoolSetAttribute(pool, cudaMemPoolReuseAllowOpportunistic, &no), "a pool of memory");
  faults_.ok(cudaMemPoolSetAttribute(pool, cudaMemPoolReuseAllowInternalDependencies, &no), "a pool of memory");
  return pool;
}

std::optional<BufferHandle> Memory::allocate(RankId rank, Bytes bytes, cudaStream_t stream) {
  const cudaMemPool_t pool = pool_of(rank);
  if (faults_.failed()) return std::nullopt;
  void* memory = nullptr;
  if (bytes.n > 0) {
    const cudaError_t status = cudaMallocFromPoolAsync(&memory, static_cast<std::size_t>(bytes.n), pool, stream);
    if (status == cudaErrorMemoryAllocation) {
      cudaGetLastError();  // no fault of the device: the runner tells of it
      return std::nullopt;
    }
    if (!faults_.ok(status, "an allocation")) return std::nullopt;
  }
  return keep({memory, rank, bytes});
}

BufferHandle Memory::count(RankId rank, Bytes bytes) {
  return keep({nullptr, rank, bytes});
}

BufferHandle Memory::keep(const Buffer& buffer) {
  RankMemoryUse& use = use_[buffer.rank];
  use.rank = buffer.rank;
  use.held += buffer.bytes;
  use.ledger_peak = std::max(use.ledger_peak, use.held);
  buffers_.push_back(buffer);
  return static_cast<BufferHandle>(buffers_.size() - 1);
}

void Memory::free(BufferHandle handle, cudaStream_t stream) {
  Buffer& buffer = buffers_[handle];
  use_[buffer.rank].held -= buffer.bytes;
  if (buffer.memory != nullptr) faults_.ok(cudaFreeAsync(buffer.memory, stream), "a free");
  buffer.memory = nullptr;
}

std::vector<RankMemoryUse> Memory::use() const {
  std::vector<RankMemoryUse> all;
  for (const auto& [rank, counted] : use_) {
    RankMemoryUse use = counted;
    if (const auto pool = pools_.find(rank); pool != pools_.end()) {
      std::uint64_t used = 0, reserved = 0;
      cudaMemPoolGetAttribute(pool->second, cudaMemPoolAttrUsedMemHigh, &used);
      cudaMemPoolGetAttribute(pool->second, cudaMemPoolAttrReservedMemHigh, &reserved);
      use.driver_used_peak = Bytes{static_cast<std::int64_t>(used)};
      use.driver_reserved_peak = Bytes{static_cast<std::int64_t>(reserved)};
    }
    all.push_back(use);
  }
  return all;
}

}  // namespace orrery::validate::cuda

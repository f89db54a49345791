#pragma once

#include <map>
#include <optional>
#include <vector>

#include "sim/base/amount.h"
#include "sim/base/id.h"
#include "validate/cuda/faults.h"
#include "validate/run_record.h"

namespace orrery::validate::cuda {

// Buffers of ranks, allocated and freed in stream order: a pool of the driver for each
// rank, so that it counts what each reserved. Reuse follows events and order in a
// stream alone, as in frameworks' allocators, so it is the same in every run.
class Memory {
 public:
  explicit Memory(Faults& faults, int gpu) : faults_(faults), gpu_(gpu) {}
  ~Memory();
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  // None when there is no memory left, or after a fault.
  std::optional<BufferHandle> allocate(RankId rank, Bytes bytes, cudaStream_t stream);
  // Counted only: what a graph is captured with.
  BufferHandle count(RankId rank, Bytes bytes);
  void free(BufferHandle buffer, cudaStream_t stream);

  std::vector<RankMemoryUse> use() const;

 private:
  struct Buffer {
    void* memory;
    RankId rank;
    Bytes bytes;
  };
  cudaMemPool_t pool_of(RankId rank);
  BufferHandle keep(const Buffer& buffer);

  Faults& faults_;
  int gpu_;
  std::vector<Buffer> buffers_;
  std::map<RankId, cudaMemPool_t> pools_;
  std::map<RankId, RankMemoryUse> use_;  // ledger: what programs hold
};

}  // namespace orrery::validate::cuda

#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "models/memory/caching_allocator.h"
#include "validate/device.h"
#include "validate/run_record.h"

namespace orrery::validate {

// Buffers of ranks on a device: each rank's from an allocator of its own, the one that predicts what is reserved
// (models/memory), which has whole segments from the driver.
//
// A block is free for the next request as soon as the host says so, as in PyTorch on one stream. Here that
// holds for all streams of a rank: nothing reads or writes these buffers, for kernels and transfers have
// operands of their own. What must wait for the device is to give segments back (SegmentSource).
class RankMemory {
 public:
  using Options = std::map<RankId, models::AllocatorOptions>;  // a rank that is not in it: as by default
  using Sources = std::function<std::unique_ptr<models::SegmentSource>(RankId)>;

  // Without sources nothing is reserved, and there is room for everything.
  RankMemory(Options options, Sources sources) : options_(std::move(options)), sources_(std::move(sources)) {}

  // A buffer of these tensors; none where there is no memory for all of them.
  std::optional<BufferHandle> allocate(RankId rank, std::span<const Bytes> tensors);
  void free(BufferHandle buffer);

  std::vector<RankMemoryUse> use() const;
  // By all ranks now.
  Bytes reserved() const;

 private:
  using Allocator = models::CachingAllocator;
  struct Rank {
    std::unique_ptr<models::SegmentSource> source;
    std::optional<Allocator> allocator;
  };
  struct Buffer {
    Rank* rank = nullptr;
    std::vector<Allocator::Block> blocks;
  };
  Rank& rank_of(RankId id);
  BufferHandle keep(Buffer buffer);

  Options options_;
  Sources sources_;
  std::map<RankId, Rank> ranks_;
  std::vector<Buffer> buffers_;
  std::vector<BufferHandle> unused_;  // of buffers_
};

}  // namespace orrery::validate

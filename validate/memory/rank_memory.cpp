#include "validate/memory/rank_memory.h"

#include <utility>

namespace orrery::validate {

auto RankMemory::rank_of(RankId id) -> Rank& {
  const auto [at, is_new] = ranks_.try_emplace(id);
  Rank& rank = at->second;
  if (!is_new || !sources_) return rank;
  const auto set = options_.find(id);
  rank.source = sources_(id);
  rank.allocator.emplace(set == options_.end() ? models::AllocatorOptions() : set->second, rank.source.get());
  return rank;
}

std::optional<BufferHandle> RankMemory::allocate(RankId id, std::span<const Bytes> tensors) {
  Rank& rank = rank_of(id);
  Buffer buffer{&rank, {}};
  for (const Bytes tensor : tensors) {
    if (!rank.allocator) break;
    const Allocator::Block block = rank.allocator->allocate(tensor);
    if (block == Allocator::kNone) {
      for (const Allocator::Block got : buffer.blocks) rank.allocator->free(got);
      return std::nullopt;
    }
    buffer.blocks.push_back(block);
  }
  return keep(std::move(buffer));
}

BufferHandle RankMemory::keep(Buffer buffer) {
  if (unused_.empty()) {
    buffers_.push_back(std::move(buffer));
    return static_cast<BufferHandle>(buffers_.size() - 1);
  }
  const BufferHandle handle = unused_.back();
  unused_.pop_back();
  buffers_[handle] = std::move(buffer);
  return handle;
}

void RankMemory::free(BufferHandle handle) {
  const Buffer buffer = std::exchange(buffers_[handle], {});
  for (const Allocator::Block block : buffer.blocks) buffer.rank->allocator->free(block);
  unused_.push_back(handle);
}

std::vector<RankMemoryUse> RankMemory::use() const {
  std::vector<RankMemoryUse> all;
  for (const auto& [id, rank] : ranks_) all.push_back({id, rank.allocator ? rank.allocator->peak_reserved() : Bytes{}});
  return all;
}

Bytes RankMemory::reserved() const {
  Bytes sum;
  for (const auto& [id, rank] : ranks_)
    if (rank.allocator) sum += rank.allocator->reserved();
  return sum;
}

}  // namespace orrery::validate

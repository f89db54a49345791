#include "models/memory/caching_allocator.h"

#include <algorithm>

namespace orrery::models {
namespace {

constexpr std::int64_t kMiB = std::int64_t{1} << 20;
constexpr std::int64_t kMinBlock = 512;       // every request is a multiple
constexpr std::int64_t kSmallRequest = kMiB;  // the largest that comes from the small pool
constexpr std::int64_t kSmallSegment = 2 * kMiB;
constexpr std::int64_t kLargeSegment = 20 * kMiB;
constexpr std::int64_t kOwnSegment = 10 * kMiB;  // from here on a request gets a segment of its own
constexpr std::int64_t kSegmentStep = 2 * kMiB;

std::int64_t round_up(std::int64_t n, std::int64_t step) {
  return (n + step - 1) / step * step;
}

std::int64_t segment_for(std::int64_t size, bool small) {
  if (small) return kSmallSegment;
  return size < kOwnSegment ? kLargeSegment : round_up(size, kSegmentStep);
}

}  // namespace

void CachingAllocator::FreeList::shrink(Place place, const Entry& is) {
  const Place to = std::lower_bound(entries_.begin(), place, is);
  std::move_backward(to, place, place + 1);
  *to = is;
}

void CachingAllocator::FreeList::grow(const Entry& was, const Entry& is) {
  const Place from = place_of(was);
  const Place to = std::lower_bound(from + 1, entries_.end(), is);
  std::move(from + 1, to, from);
  *(to - 1) = is;
}

CachingAllocator::Block CachingAllocator::allocate(Bytes request) {
  const std::int64_t size = std::max(kMinBlock, round_up(request.n, kMinBlock));
  const bool small = size <= kSmallRequest;
  FreeList& free = list(small);
  const FreeList::Place fits = free.best_fit(size);
  Block block;
  if (fits == free.end()) {
    block = options_.expandable_segments ? grow(size, small) : new_segment(size, small);
    if (is_worth_splitting(block, size)) free.insert(split(block, size));
  } else {
    block = fits->block;
    if (is_worth_splitting(block, size))
      free.shrink(fits, split(block, size));
    else
      free.erase(fits);
  }
  pieces_[block].free = false;
  allocated_ += Bytes{pieces_[block].size};
  peak_allocated_ = std::max(peak_allocated_, allocated_);
  return block;
}

// What serves a request that goes back at once is whole again behind it.
void CachingAllocator::touch(Bytes request) {
  const std::int64_t size = std::max(kMinBlock, round_up(request.n, kMinBlock));
  FreeList& free_blocks = list(size <= kSmallRequest);
  // What is not worth splitting off is at most so much.
  if (free_blocks.largest() >= size && allocated_.n + size + kSmallRequest <= peak_allocated_.n) return;
  const FreeList::Place fits = free_blocks.best_fit(size);
  if (fits == free_blocks.end()) return free(allocate(request));
  const std::int64_t taken = is_worth_splitting(fits->block, size) ? size : fits->size;
  peak_allocated_ = std::max(peak_allocated_, allocated_ + Bytes{taken});
}

void CachingAllocator::free(Block block) {
  allocated_ = allocated_ - Bytes{pieces_[block].size};
  FreeList& free = list(pieces_[block].small);
  const Block before = pieces_[block].before, after = pieces_[block].after;
  FreeList::Entry joined{0, 0, kNone};
  if (after != kNone && pieces_[after].free) {
    joined = entry_of(after);
    absorb_next(block);
  }
  if (before != kNone && pieces_[before].free) {
    if (joined.block != kNone) free.erase(joined);
    joined = entry_of(before);
    absorb_next(before);
    block = before;
  }
  pieces_[block].free = true;
  const FreeList::Entry now = entry_of(block);
  if (joined.block == kNone)
    free.insert(now);
  else
    free.grow(joined, now);
}

CachingAllocator::Block CachingAllocator::new_piece(std::int64_t size, bool small, std::int64_t address) {
  Block block = static_cast<Block>(pieces_.size());
  if (unused_.empty()) {
    pieces_.emplace_back();
  } else {
    block = unused_.back();
    unused_.pop_back();
  }
  pieces_[block] = {size, address, kNone, kNone, false, small};
  return block;
}

CachingAllocator::Block CachingAllocator::new_segment(std::int64_t size, bool small) {
  const std::int64_t segment = segment_for(size, small);
  if (options_.limit.n > 0 && reserved_.n + segment > options_.limit.n) release_free_segments();
  reserved_ += Bytes{segment};
  peak_reserved_ = std::max(peak_reserved_, reserved_);
  end_ += segment;
  return new_piece(segment, small, end_ - segment);
}

// Pages at the end of the pool's segment, behind what is free there already.
CachingAllocator::Block CachingAllocator::grow(std::int64_t size, bool small) {
  Block& last = last_[small ? 0 : 1];
  const bool joins = last != kNone && pieces_[last].free;
  const std::int64_t missing = size - (joins ? pieces_[last].size : 0);
  const std::int64_t pages = round_up(missing, small ? kSmallSegment : kLargeSegment);
  reserved_ += Bytes{pages};
  peak_reserved_ = std::max(peak_reserved_, reserved_);
  if (joins) {
    list(small).erase(entry_of(last));
    pieces_[last].size += pages;
    return last;
  }
  const Block added = new_piece(pages, small, last == kNone ? 0 : pieces_[last].address + pieces_[last].size);
  pieces_[added].before = last;
  if (last != kNone) pieces_[last].after = added;
  return last = added;
}

bool CachingAllocator::is_worth_splitting(Block block, std::int64_t size) const {
  const std::int64_t rest = pieces_[block].size - size;
  return pieces_[block].small ? rest >= kMinBlock : rest > kSmallRequest;
}

// The rest, which is free.
CachingAllocator::FreeList::Entry CachingAllocator::split(Block block, std::int64_t size) {
  const bool small = pieces_[block].small;
  const std::int64_t rest = pieces_[block].size - size;
  const Block tail = new_piece(rest, small, pieces_[block].address + size);
  Piece &front = pieces_[block], &back = pieces_[tail];
  front.size = size;
  back.free = true;
  back.before = block;
  back.after = front.after;
  if (back.after != kNone) pieces_[back.after].before = tail;
  front.after = tail;
  if (last_[small ? 0 : 1] == block) last_[small ? 0 : 1] = tail;
  return entry_of(tail);
}

void CachingAllocator::absorb_next(Block block) {
  const Block next = pieces_[block].after;
  const bool small = pieces_[block].small;
  pieces_[block].size += pieces_[next].size;
  pieces_[block].after = pieces_[next].after;
  if (pieces_[block].after != kNone) pieces_[pieces_[block].after].before = block;
  if (last_[small ? 0 : 1] == next) last_[small ? 0 : 1] = block;
  unused_.push_back(next);
}

void CachingAllocator::release_free_segments() {
  for (FreeList& free : free_)
    std::erase_if(free.entries(), [this](const FreeList::Entry& entry) {
      const Piece& piece = pieces_[entry.block];
      const bool whole = piece.before == kNone && piece.after == kNone;
      if (whole) {
        reserved_ = reserved_ - Bytes{piece.size};
        unused_.push_back(entry.block);
      }
      return whole;
    });
}

}  // namespace orrery::models

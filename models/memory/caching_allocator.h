#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "sim/base/amount.h"

namespace orrery::models {

// PyTorch's CUDA caching allocator (c10/cuda/CUDACachingAllocator.cpp), for one stream.
//
// Requests are rounded up to 512 B. Those of at most 1 MiB come from segments of
// 2 MiB, larger ones below 10 MiB from segments of 20 MiB, still larger ones get a
// segment of their own, a multiple of 2 MiB. The smallest free block that is large
// enough serves a request, of equal ones the one at the lowest address; what is left of it is split off if it is worth
// it (512 B, or more than 1 MiB of a large block). Neighbours in a segment that are both free merge. Segments stay
// until the device would run out; then the ones that are free from end to end go back.
//
// With expandable segments each pool is one segment that grows by pages of 2 or
// 20 MiB at its end.
class CachingAllocator {
 public:
  struct Options {
    bool expandable_segments = false;
    Bytes limit;  // what the device has; 0: any amount
  };
  using Block = std::uint32_t;

  explicit CachingAllocator(const Options& options) : options_(options) {}

  Block allocate(Bytes request);
  // The same as to allocate and free at once.
  void touch(Bytes request);
  void free(Block block);

  Bytes allocated() const { return allocated_; }  // as rounded
  Bytes reserved() const { return reserved_; }
  Bytes peak_allocated() const { return peak_allocated_; }
  Bytes peak_reserved() const { return peak_reserved_; }

 private:
  static constexpr Block kNone = UINT32_MAX;
  struct Piece {
    std::int64_t size = 0, address = 0;
    Block before = kNone, after = kNone;  // in the segment
    bool free = false, small = false;
  };
  // Sorted by size, then by address: the first that fits is the best. Mostly a few dozen.
  class FreeList {
   public:
    struct Entry {
      std::int64_t size, address;
      Block block;
      bool operator<(const Entry& other) const {
        return size < other.size || (size == other.size && address < other.address);
      }
    };
    using Place = std::vector<Entry>::iterator;

    // The smallest of at least `size`; end() if there is none.
    Place best_fit(std::int64_t size) { return place_of({size, -1, 0}); }
    Place end() { return entries_.end(); }
    std::int64_t largest() const { return entries_.empty() ? 0 : entries_.back().size; }
    void insert(const Entry& entry) { entries_.insert(place_of(entry), entry); }
    void erase(const Entry& entry) { entries_.erase(place_of(entry)); }
    void erase(Place place) { entries_.erase(place); }
    // What stands at `place` becomes `is`, smaller or larger: what lies between moves by one.
    void shrink(Place place, const Entry& is);
    void grow(const Entry& was, const Entry& is);
    std::vector<Entry>& entries() { return entries_; }

   private:
    Place place_of(const Entry& entry) { return std::lower_bound(entries_.begin(), entries_.end(), entry); }
    std::vector<Entry> entries_;
  };

  FreeList::Entry entry_of(Block block) const { return {pieces_[block].size, pieces_[block].address, block}; }
  Block new_piece(std::int64_t size, bool small, std::int64_t address);
  Block new_segment(std::int64_t size, bool small);
  Block grow(std::int64_t size, bool small);
  bool is_worth_splitting(Block block, std::int64_t size) const;
  FreeList::Entry split(Block block, std::int64_t size);
  void absorb_next(Block block);
  void release_free_segments();
  FreeList& list(bool small) { return free_[small ? 0 : 1]; }

  Options options_;
  std::vector<Piece> pieces_;
  std::vector<Block> unused_;  // of pieces_
  std::array<FreeList, 2> free_;
  std::int64_t end_ = 0;                     // of all segments so far: the device places them one behind the other
  std::array<Block, 2> last_{kNone, kNone};  // end of the expandable segment of each pool
  Bytes allocated_, reserved_, peak_allocated_, peak_reserved_;
};

}  // namespace orrery::models

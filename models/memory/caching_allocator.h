#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "models/memory/segment_source.h"
#include "models/memory/traced_size.h"
#include "sim/base/amount.h"

namespace orrery::models {

// PyTorch's CUDA caching allocator (c10/cuda/CUDACachingAllocator.cpp), for one stream.
//
// Requests are rounded up to 512 B. Those of at most 1 MiB come from segments of
// 2 MiB, larger ones below 10 MiB from segments of 20 MiB, still larger ones get a
// segment of their own, a multiple of 2 MiB. The smallest free block that is large
// enough serves a request, of equal ones the one at the lowest address; what is left of it is split off if it is worth
// it (512 B, or more than 1 MiB of a large block; see is_split). Neighbours in a segment that are both free merge.
// Segments stay until the device would run out; then the ones that are free from end to end go back.
//
// With expandable segments each pool is one segment that grows by pages of 2 or
// 20 MiB at its end.
//
// A replay asks no driver. With a source every segment is asked for and given back there; what it refuses is asked for
// once more when all free segments went back.
struct AllocatorOptions {
  bool expandable_segments = false;
  Bytes limit;  // what the device has; 0: any amount
  bool operator==(const AllocatorOptions&) const = default;
};

// `Size`: Bytes or TracedSize. What it does hangs on comparisons of sizes alone: addresses decide only which of two
// blocks lies before the other, and that is so whatever their sizes.
template <class Size>
class CachingAllocatorOf {
 public:
  using Options = AllocatorOptions;
  using Block = std::uint32_t;
  static constexpr Block kNone = UINT32_MAX;

  explicit CachingAllocatorOf(const Options& options, SegmentSource* source = nullptr)
      : options_(options), source_(source) {}

  // What a size that is asked for comes to: for those that are asked for often.
  struct Request {
    Size size;  // rounded
    bool small = false;
    Block fit = kNone;  // a block that was free when this was touched last,
    Size fit_size;      // of this size
  };
  static Request request(const Size& asked);

  // kNone where the source has no memory left.
  Block serve(const Request& request);
  Block allocate(const Size& asked) { return serve(request(asked)); }
  // The same as to serve and free at once, in a replay.
  void touch(Request& request);
  void free(Block block);

  Bytes allocated() const { return allocated_; }  // as rounded
  Size reserved() const { return reserved_; }
  Size peak_reserved() const { return peak_reserved_; }

 private:
  struct Piece {
    Size size;
    std::int64_t address = 0;
    Block before = kNone, after = kNone;  // in the segment
    bool free = false, small = false;
  };
  // Free blocks by size, of which there mostly are few.
  class FreeList {
   public:
    // Removes, of the smallest of at least `size`, the one at the lowest address; kNone if there is none.
    Block take_best_fit(const Size& size);
    Block find_fit(const Size& size) const;  // one that is large enough; kNone if there is none
    void add(const Piece& piece, Block block);
    void remove(const Piece& piece);
    // Those for which `is_one` is true.
    template <class IsOne>
    void remove_if(const IsOne& is_one);

   private:
    struct Entry {
      std::int64_t address;
      Block block;
    };
    struct OfSize {
      Size size;
      std::vector<Entry> entries;  // the lowest address is last
    };
    static bool lies_behind(const Entry& entry, std::int64_t address) { return entry.address > address; }
    std::span<const OfSize> sizes() const { return std::span(sizes_).first(count_); }
    std::size_t place_of(const Size& size) const;
    void drop_if_empty(std::size_t place) {
      if (sizes_[place].entries.empty()) std::swap(sizes_[place], sizes_[--count_]);
    }

    std::vector<OfSize> sizes_;  // those behind count_ are empty and keep their memory
    std::size_t count_ = 0;
  };

  Block new_piece(const Size& size, bool small, std::int64_t address);
  Block set_free(Block block);  // what it is part of then
  void drop(Block block);
  Block more(const Size& size, bool small);
  Block new_segment(const Size& size, bool small);
  Block grow(const Size& size, bool small);
  bool take(std::int64_t address, const Size& more);
  void reserve(const Size& more);
  bool is_split(Block block, const Size& rest) const;
  Bytes taken(Block block) const;
  Block split(Block block, const Size& size, const Size& rest);
  void absorb_next(Block block);
  void release_free_segments();
  FreeList& list(bool small) { return free_[small ? 0 : 1]; }

  Options options_;
  SegmentSource* source_;
  std::vector<Piece> pieces_;
  std::vector<Block> unused_;  // of pieces_
  std::array<FreeList, 2> free_;
  std::int64_t end_ = 0;                     // of all segments so far: the device places them one behind the other
  std::array<Block, 2> last_{kNone, kNone};  // end of the expandable segment of each pool
  Bytes allocated_;
  Size reserved_, peak_reserved_;
};

using CachingAllocator = CachingAllocatorOf<Bytes>;

}  // namespace orrery::models

#include "models/memory/caching_allocator.h"

#include <algorithm>

namespace orrery::models {
namespace {

constexpr std::int64_t kMiB = std::int64_t{1} << 20;
constexpr std::int64_t kMinBlock = 512;  // every request is a multiple
constexpr Bytes kSmallRequest{kMiB};     // the largest that comes from the small pool
constexpr Bytes kSmallSegment{2 * kMiB};
constexpr Bytes kLargeSegment{20 * kMiB};
constexpr Bytes kOwnSegment{10 * kMiB};  // from here on a request gets a segment of its own
constexpr std::int64_t kSegmentStep = 2 * kMiB;
constexpr std::int64_t kLargePool = std::int64_t{1} << 60;  // where the expandable segment of large blocks begins

template <class Size>
Size rounded(const Size& request) {
  const Size size = round_up(request, kMinBlock);
  return size < Size(Bytes{kMinBlock}) ? Size(Bytes{kMinBlock}) : size;
}

template <class Size>
bool is_small(const Size& size) {
  return !(Size(kSmallRequest) < size);
}

// Of a block that serves a request, split off as a block of its own.
template <class Size>
bool is_worth_keeping(const Size& rest, bool small) {
  return small ? !(rest < Size(Bytes{kMinBlock})) : Size(kSmallRequest) < rest;
}

template <class Size>
Size segment_for(const Size& size, bool small) {
  if (small) return Size(kSmallSegment);
  return size < Size(kOwnSegment) ? Size(kLargeSegment) : round_up(size, kSegmentStep);
}

}  // namespace

template <class Size>
auto CachingAllocatorOf<Size>::FreeList::take_best_fit(const Size& size) -> Block {
  const OfSize* best = nullptr;
  for (const OfSize& of : sizes()) {
    if (of.size < size) continue;
    const auto is_better = [&] {
      const bool lies_before = of.entries.back().address < best->entries.back().address;
      return lies_before ? !(best->size < of.size) : of.size < best->size;
    };
    if (best == nullptr || is_better()) best = &of;
  }
  if (best == nullptr) return kNone;
  const auto place = static_cast<std::size_t>(best - sizes_.data());
  const Block block = sizes_[place].entries.back().block;
  sizes_[place].entries.pop_back();
  drop_if_empty(place);
  return block;
}

// That the largest fits says it all, if it does.
template <class Size>
auto CachingAllocatorOf<Size>::FreeList::find_fit(const Size& size) const -> Block {
  const auto largest = std::max_element(sizes().begin(), sizes().end(),
                                        [](const OfSize& a, const OfSize& b) { return now(a.size) < now(b.size); });
  const auto fits = [&](const OfSize& of) { return !(of.size < size); };
  if (count_ == 0) return kNone;
  const auto found = fits(*largest) ? largest : std::find_if(sizes().begin(), sizes().end(), fits);
  return found == sizes().end() ? kNone : found->entries.back().block;
}

template <class Size>
std::size_t CachingAllocatorOf<Size>::FreeList::place_of(const Size& size) const {
  std::size_t place = count_;
  while (place > 0 && !is_always(sizes_[place - 1].size, size)) --place;
  return place > 0 ? place - 1 : count_;
}

template <class Size>
void CachingAllocatorOf<Size>::FreeList::add(const Piece& piece, Block block) {
  const std::size_t place = place_of(piece.size);
  if (place == count_) {
    if (count_ == sizes_.size()) sizes_.emplace_back();
    sizes_[count_++].size = piece.size;
  }
  std::vector<Entry>& entries = sizes_[place].entries;
  if (entries.empty() || entries.back().address > piece.address) return entries.push_back({piece.address, block});
  entries.insert(std::lower_bound(entries.begin(), entries.end(), piece.address, lies_behind), {piece.address, block});
}

template <class Size>
void CachingAllocatorOf<Size>::FreeList::remove(const Piece& piece) {
  const std::size_t place = place_of(piece.size);
  std::vector<Entry>& entries = sizes_[place].entries;
  entries.erase(std::lower_bound(entries.begin(), entries.end(), piece.address, lies_behind));
  drop_if_empty(place);
}

template <class Size>
template <class IsOne>
void CachingAllocatorOf<Size>::FreeList::remove_if(const IsOne& is_one) {
  for (std::size_t place = count_; place-- > 0;) {
    std::vector<Entry>& entries = sizes_[place].entries;
    std::erase_if(entries, [&](const Entry& entry) { return is_one(entry.block); });
    drop_if_empty(place);
  }
}

template <class Size>
auto CachingAllocatorOf<Size>::request(const Size& asked) -> Request {
  const Size size = rounded(asked);
  return {size, is_small(size), kNone, {}};
}

template <class Size>
auto CachingAllocatorOf<Size>::serve(const Request& request) -> Block {
  const Size& size = request.size;
  const bool small = request.small;
  FreeList& free = list(small);
  Block block = free.take_best_fit(size);
  if (block == kNone) block = more(size, small);
  if (block == kNone) return kNone;
  const Size rest = pieces_[block].size - size;
  if (is_split(block, rest)) {
    const Block tail = split(block, size, rest);
    free.add(pieces_[tail], tail);
  }
  pieces_[block].free = false;
  allocated_ += taken(block);
  return block;
}

// Whether what a request leaves of a block becomes one of its own. The end of a large segment always does, also where
// it is not worth it: that serves nobody, since requests here are larger, and has no neighbour but the block that it is
// left of, with which it goes back. So all goes as if it had stayed there, and nothing hangs on how large it is.
template <class Size>
bool CachingAllocatorOf<Size>::is_split(Block block, const Size& rest) const {
  const Piece& piece = pieces_[block];
  const bool is_end = !piece.small && piece.after == kNone && !options_.expandable_segments;
  return is_end || is_worth_keeping(rest, piece.small);
}

// With an end that was not worth it.
template <class Size>
Bytes CachingAllocatorOf<Size>::taken(Block block) const {
  const Piece& piece = pieces_[block];
  const Bytes rest =
      piece.small || piece.after == kNone || !pieces_[piece.after].free ? Bytes() : now(pieces_[piece.after].size);
  return now(piece.size) + (is_small(rest) ? rest : Bytes());
}

// What serves a request that goes back at once is whole again behind it. The free block that was found last mostly is
// there still.
template <class Size>
void CachingAllocatorOf<Size>::touch(Request& request) {
  if (request.fit != kNone) {
    const Piece& found = pieces_[request.fit];  // it may have become another one
    if (found.free && found.small == request.small && is_always(found.size, request.fit_size)) return;
  }
  request.fit = list(request.small).find_fit(request.size);
  if (request.fit == kNone) request.fit = set_free(more(request.size, request.small));
  request.fit_size = pieces_[request.fit].size;
}

template <class Size>
void CachingAllocatorOf<Size>::free(Block block) {
  allocated_ -= taken(block);
  set_free(block);
}

template <class Size>
auto CachingAllocatorOf<Size>::set_free(Block block) -> Block {
  FreeList& free = list(pieces_[block].small);
  const Block before = pieces_[block].before, after = pieces_[block].after;
  if (after != kNone && pieces_[after].free) {
    free.remove(pieces_[after]);
    absorb_next(block);
  }
  if (before != kNone && pieces_[before].free) {
    free.remove(pieces_[before]);
    absorb_next(before);
    block = before;
  }
  pieces_[block].free = true;
  free.add(pieces_[block], block);
  return block;
}

// A block of at least `size` from the driver; kNone if it has none.
template <class Size>
auto CachingAllocatorOf<Size>::more(const Size& size, bool small) -> Block {
  return options_.expandable_segments ? grow(size, small) : new_segment(size, small);
}

template <class Size>
auto CachingAllocatorOf<Size>::new_piece(const Size& size, bool small, std::int64_t address) -> Block {
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

template <class Size>
auto CachingAllocatorOf<Size>::new_segment(const Size& size, bool small) -> Block {
  const Size segment = segment_for(size, small);
  if (options_.limit.n > 0 && Size(options_.limit) < reserved_ + segment) release_free_segments();
  if (!take(end_, segment)) {
    release_free_segments();
    if (!take(end_, segment)) return kNone;
  }
  reserve(segment);
  end_ += now(segment).n;
  return new_piece(segment, small, end_ - now(segment).n);
}

// Pages at the end of the pool's segment, behind what is free there already.
template <class Size>
auto CachingAllocatorOf<Size>::grow(const Size& size, bool small) -> Block {
  Block& last = last_[small ? 0 : 1];
  const bool joins = last != kNone && pieces_[last].free;
  const Size missing = joins ? size - pieces_[last].size : size;
  const Size pages = round_up(missing, (small ? kSmallSegment : kLargeSegment).n);
  const std::int64_t begin = small ? 0 : kLargePool;
  const std::int64_t end = last == kNone ? begin : pieces_[last].address + now(pieces_[last].size).n;
  if (!take(end, pages)) return kNone;
  reserve(pages);
  if (joins) {
    list(small).remove(pieces_[last]);
    pieces_[last].size = pieces_[last].size + pages;
    return last;
  }
  const Block added = new_piece(pages, small, end);
  pieces_[added].before = last;
  if (last != kNone) pieces_[last].after = added;
  return last = added;
}

template <class Size>
bool CachingAllocatorOf<Size>::take(std::int64_t address, const Size& more) {
  return source_ == nullptr || source_->take(address, now(more));
}

template <class Size>
void CachingAllocatorOf<Size>::reserve(const Size& more) {
  reserved_ = reserved_ + more;
  if (peak_reserved_ < reserved_) peak_reserved_ = reserved_;
}

// The rest, which is free.
template <class Size>
auto CachingAllocatorOf<Size>::split(Block block, const Size& size, const Size& rest) -> Block {
  const bool small = pieces_[block].small;
  const Block tail = new_piece(rest, small, pieces_[block].address + now(size).n);
  Piece &front = pieces_[block], &back = pieces_[tail];
  front.size = size;
  back.free = true;
  back.before = block;
  back.after = front.after;
  if (back.after != kNone) pieces_[back.after].before = tail;
  front.after = tail;
  if (last_[small ? 0 : 1] == block) last_[small ? 0 : 1] = tail;
  return tail;
}

template <class Size>
void CachingAllocatorOf<Size>::absorb_next(Block block) {
  const Block next = pieces_[block].after;
  const bool small = pieces_[block].small;
  pieces_[block].size = pieces_[block].size + pieces_[next].size;
  pieces_[block].after = pieces_[next].after;
  if (pieces_[block].after != kNone) pieces_[pieces_[block].after].before = block;
  if (last_[small ? 0 : 1] == next) last_[small ? 0 : 1] = block;
  drop(next);
}

template <class Size>
void CachingAllocatorOf<Size>::drop(Block block) {
  pieces_[block].free = false;
  unused_.push_back(block);
}

template <class Size>
void CachingAllocatorOf<Size>::release_free_segments() {
  for (FreeList& free : free_)
    free.remove_if([this](Block block) {
      const Piece& piece = pieces_[block];
      const bool whole = piece.before == kNone && piece.after == kNone;
      if (whole) {
        if (source_ != nullptr) source_->give_back(piece.address);
        reserved_ = reserved_ - piece.size;
        drop(block);
      }
      return whole;
    });
}

template class CachingAllocatorOf<Bytes>;
template class CachingAllocatorOf<TracedSize>;

}  // namespace orrery::models

#include "models/memory/caching_allocator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <list>
#include <map>
#include <utility>
#include <vector>

#include "models/memory/allocation_replay.h"
#include "sim/base/digest.h"

namespace orrery::models {
namespace {

constexpr std::int64_t kMiB = 1 << 20;

CachingAllocator plain() {
  return CachingAllocator({});
}

Bytes reserved_for(std::int64_t bytes) {
  CachingAllocator allocator = plain();
  allocator.allocate({bytes});
  return allocator.reserved();
}

// c10/cuda/CUDACachingAllocator.cpp, get_allocation_size.
TEST(CachingAllocator, SegmentsComeInThreeKinds) {
  EXPECT_EQ(reserved_for(1).n, 2 * kMiB);
  EXPECT_EQ(reserved_for(kMiB).n, 2 * kMiB);
  EXPECT_EQ(reserved_for(kMiB + 1).n, 20 * kMiB);
  EXPECT_EQ(reserved_for(10 * kMiB - 1).n, 10 * kMiB);  // 10 MiB once rounded
  EXPECT_EQ(reserved_for(10 * kMiB - 512).n, 20 * kMiB);
  EXPECT_EQ(reserved_for(11 * kMiB + 1).n, 12 * kMiB);
}

TEST(CachingAllocator, RequestsAreRoundedTo512Bytes) {
  CachingAllocator allocator = plain();
  allocator.allocate({1});
  allocator.allocate({513});
  EXPECT_EQ(allocator.allocated().n, 512 + 1024);
}

TEST(CachingAllocator, WhatIsFreedServesWhatFits) {
  CachingAllocator allocator = plain();
  const auto block = allocator.allocate({64 * kMiB});
  allocator.free(block);
  allocator.allocate({30 * kMiB});
  allocator.allocate({34 * kMiB});  // the rest of the same segment
  EXPECT_EQ(allocator.reserved().n, 64 * kMiB);
}

// A driver that notes what it is asked for.
struct Noting final : SegmentSource {
  bool take(std::int64_t address, Bytes size) override {
    ++asked;
    if (room < size) return false;
    room -= size;
    EXPECT_TRUE(held.emplace(address, size).second);
    return true;
  }
  void give_back(std::int64_t address) override {
    room += held.at(address);
    held.erase(address);
  }
  Bytes room{INT64_MAX};
  std::map<std::int64_t, Bytes> held;
  int asked = 0;
};

// With and without a driver it goes the same, and what is reserved is what the driver gave.
TEST(CachingAllocator, ReservesWhatASourceGave) {
  for (const CachingAllocator::Options& options :
       {CachingAllocator::Options{false, {}}, {true, {}}, {false, {600 * kMiB}}}) {
    Noting source;
    CachingAllocator replayed(options), real(options, &source);
    std::vector<CachingAllocator::Block> held;
    for (std::uint64_t i = 0; i < 4000; ++i) {
      const std::uint64_t random = Digest::mix(i);
      if (random % 5 < 2 && !held.empty()) {
        const std::size_t at = random / 5 % held.size();
        replayed.free(held[at]);
        real.free(held[at]);
        held.erase(held.begin() + static_cast<std::ptrdiff_t>(at));
      } else {
        const Bytes size{static_cast<std::int64_t>(random >> 20) % ((random & 64) != 0 ? 40 * kMiB : kMiB)};
        if (held.size() > 30) continue;
        held.push_back(real.allocate(size));
        ASSERT_EQ(held.back(), replayed.allocate(size));
      }
      Bytes given;
      for (const auto& [address, size] : source.held) given += size;
      ASSERT_EQ(real.reserved(), given);
      ASSERT_EQ(replayed.reserved(), given);
    }
  }
}

TEST(CachingAllocator, AsksOnceMoreWhenFreeSegmentsWentBack) {
  Noting source;
  source.room = {100 * kMiB};
  CachingAllocator allocator({}, &source);
  const auto first = allocator.allocate({50 * kMiB});
  EXPECT_EQ(allocator.allocate({60 * kMiB}), CachingAllocator::kNone);
  EXPECT_EQ(source.asked, 3);
  allocator.free(first);
  EXPECT_NE(allocator.allocate({60 * kMiB}), CachingAllocator::kNone);
  EXPECT_EQ(allocator.reserved().n, 60 * kMiB);
  EXPECT_EQ(allocator.peak_reserved().n, 60 * kMiB);
}

// A remainder of at most 1 MiB of a large block stays with it.
TEST(CachingAllocator, SmallRestsAreNotSplitOff) {
  CachingAllocator allocator = plain();
  const auto block = allocator.allocate({64 * kMiB});
  allocator.free(block);
  allocator.allocate({63 * kMiB});
  EXPECT_EQ(allocator.allocated().n, 64 * kMiB);
}

TEST(CachingAllocator, NeighboursMerge) {
  CachingAllocator allocator = plain();
  allocator.free(allocator.allocate({60 * kMiB}));
  std::vector<CachingAllocator::Block> thirds;
  for (int i = 0; i < 3; ++i) thirds.push_back(allocator.allocate({20 * kMiB}));
  for (const int i : {0, 2, 1}) allocator.free(thirds[static_cast<std::size_t>(i)]);
  allocator.allocate({60 * kMiB});
  EXPECT_EQ(allocator.reserved().n, 60 * kMiB);
}

// The best fit, not the first: a hole of the right size is kept for who needs it.
TEST(CachingAllocator, TheSmallestThatFitsServes) {
  CachingAllocator allocator = plain();
  const auto large = allocator.allocate({100 * kMiB}), exact = allocator.allocate({40 * kMiB});
  allocator.free(large);
  allocator.free(exact);
  allocator.allocate({40 * kMiB});
  allocator.allocate({100 * kMiB});
  EXPECT_EQ(allocator.reserved().n, 140 * kMiB);
}

// Of two that fit equally well, PyTorch takes the one at the lower address, whichever came free first.
TEST(CachingAllocator, OfEqualBlocksTheLowestServes) {
  for (const bool low_first : {true, false}) {
    CachingAllocator allocator = plain();
    allocator.free(allocator.allocate({120 * kMiB}));
    const auto low = allocator.allocate({40 * kMiB});
    allocator.allocate({20 * kMiB});
    const auto high = allocator.allocate({40 * kMiB}), neighbour = allocator.allocate({20 * kMiB});
    allocator.free(low_first ? low : high);
    allocator.free(low_first ? high : low);
    allocator.allocate({40 * kMiB});
    allocator.free(neighbour);  // merges with the higher one, if that is free
    allocator.allocate({60 * kMiB});
    EXPECT_EQ(allocator.reserved().n, 120 * kMiB);
  }
}

// Growing requests fragment fixed segments: each finds the one before too small.
// A segment that grows by pages takes them all.
TEST(CachingAllocator, ExpandableSegmentsDoNotFragment) {
  const auto reserved = [](bool expandable) {
    CachingAllocator allocator({expandable, {}});
    for (int i = 1; i <= 10; ++i) allocator.free(allocator.allocate({i * 20 * kMiB}));
    return allocator.reserved().n;
  };
  EXPECT_EQ(reserved(false), 55 * 20 * kMiB);
  EXPECT_EQ(reserved(true), 10 * 20 * kMiB);
}

TEST(CachingAllocator, FreeSegmentsGoBackBeforeTheDeviceIsFull) {
  CachingAllocator allocator({false, {100 * kMiB}});
  allocator.free(allocator.allocate({60 * kMiB}));
  allocator.allocate({80 * kMiB});
  EXPECT_EQ(allocator.reserved().n, 80 * kMiB);
}

// Whatever is asked for: reserved covers allocated, allocated is the sum of what is
// held, and when all is given back one request may have the largest segment.
TEST(CachingAllocator, BooksBalanceUnderRandomRequests) {
  for (const bool expandable : {false, true}) {
    CachingAllocator allocator({expandable, {}});
    std::vector<std::pair<CachingAllocator::Block, std::int64_t>> held;
    std::int64_t least = 0;
    std::uint64_t state = 12345;
    for (int i = 0; i < 20000; ++i) {
      state = Digest::mix(state + 1);
      if (held.size() > 50 || (state % 3 == 0 && !held.empty())) {
        const std::size_t which = state / 7 % held.size();
        allocator.free(held[which].first);
        least -= held[which].second;
        held.erase(held.begin() + static_cast<std::ptrdiff_t>(which));
      } else {
        const auto bytes = static_cast<std::int64_t>(1 + (state >> 20) % (std::uint64_t{1} << (9 + state % 18)));
        held.emplace_back(allocator.allocate({bytes}), bytes);
        least += bytes;
      }
      ASSERT_GE(allocator.allocated().n, least);
      ASSERT_GE(allocator.reserved(), allocator.allocated());
    }
    for (const auto& [block, bytes] : held) allocator.free(block);
    EXPECT_EQ(allocator.allocated().n, 0);
  }
}

// The rules of caching_allocator.h, without a word on how to find what they say: blocks of all segments in a row.
class AllocatorByTheBook {
 public:
  // A name of the block.
  int allocate(std::int64_t bytes) {
    const std::int64_t size = std::max<std::int64_t>(512, (bytes + 511) / 512 * 512);
    const bool small = size <= kMiB;
    auto best = blocks_.end();
    for (auto b = blocks_.begin(); b != blocks_.end(); ++b)
      if (b->name == kFree && b->small == small && b->size >= size && (best == blocks_.end() || b->size < best->size))
        best = b;
    if (best == blocks_.end()) {
      const std::int64_t segment = small              ? 2 * kMiB
                                   : size < 10 * kMiB ? 20 * kMiB
                                                      : (size + 2 * kMiB - 1) / (2 * kMiB) * (2 * kMiB);
      reserved += segment;
      best = blocks_.insert(best, {segment, kFree, segments_++, small});
    }
    const std::int64_t rest = best->size - size;
    if (small ? rest >= 512 : rest > kMiB) {
      best->size = size;
      best = std::prev(blocks_.insert(std::next(best), {rest, kFree, best->segment, small}));
    }
    allocated += best->size;
    return best->name = ++names_;
  }

  void free(int name) {
    const auto block = std::find_if(blocks_.begin(), blocks_.end(), [&](const Block& b) { return b.name == name; });
    allocated -= block->size;
    block->name = kFree;
    if (const auto after = std::next(block); after != blocks_.end() && joins(*after, *block)) {
      block->size += after->size;
      blocks_.erase(after);
    }
    if (block == blocks_.begin() || !joins(*std::prev(block), *block)) return;
    std::prev(block)->size += block->size;
    blocks_.erase(block);
  }

  std::int64_t allocated = 0, reserved = 0;

 private:
  static constexpr int kFree = 0;
  struct Block {
    std::int64_t size;
    int name, segment;
    bool small;
  };
  static bool joins(const Block& other, const Block& block) {
    return other.name == kFree && other.segment == block.segment;
  }

  std::list<Block> blocks_;
  int names_ = 0, segments_ = 0;
};

// Ends of segments that are not worth it stay with their blocks, whatever the allocator does to find its way.
TEST(CachingAllocator, DoesAsTheBookSays) {
  for (const int scale : {9, 14, 18, 21, 24}) {
    CachingAllocator allocator = plain();
    AllocatorByTheBook book;
    std::vector<std::pair<CachingAllocator::Block, int>> held;
    std::uint64_t state = 815;
    for (int i = 0; i < 4000; ++i) {
      state = Digest::mix(state + 1);
      if (held.size() > 40 || (state % 3 == 0 && !held.empty())) {
        const std::size_t which = state / 7 % held.size();
        allocator.free(held[which].first);
        book.free(held[which].second);
        held.erase(held.begin() + static_cast<std::ptrdiff_t>(which));
      } else {
        const auto bytes =
            static_cast<std::int64_t>(1 + (state >> 20) % 23) * ((std::int64_t{1} << scale) + i % 2 * 100);
        held.emplace_back(allocator.allocate({bytes}), book.allocate(bytes));
      }
      ASSERT_EQ(allocator.reserved().n, book.reserved) << scale << " " << i;
      ASSERT_EQ(allocator.allocated().n, book.allocated) << scale << " " << i;
    }
  }
}

// What goes back at once leaves all as it was, also where requests come again.
TEST(CachingAllocator, TouchingIsAllocatingAndFreeing) {
  for (const CachingAllocator::Options& options :
       {CachingAllocator::Options{false, {}}, {true, {}}, {false, {600 * kMiB}}}) {
    CachingAllocator touched(options), asked(options);
    std::vector<std::pair<CachingAllocator::Block, CachingAllocator::Block>> held;
    std::map<Bytes, CachingAllocator::Request> requests;
    std::uint64_t state = 4711;
    for (int i = 0; i < 20000; ++i) {
      state = Digest::mix(state + 1);
      const Bytes bytes{static_cast<std::int64_t>(1 + (state >> 20) % 7) << (9 + state % 18)};
      if (state % 3 == 0) {
        touched.touch(requests.try_emplace(bytes, CachingAllocator::request(bytes)).first->second);
        asked.free(asked.allocate(bytes));
      } else if (held.size() > 50 || (state % 3 == 1 && !held.empty())) {
        const std::size_t which = state / 7 % held.size();
        touched.free(held[which].first);
        asked.free(held[which].second);
        held.erase(held.begin() + static_cast<std::ptrdiff_t>(which));
      } else {
        held.emplace_back(touched.allocate(bytes), asked.allocate(bytes));
      }
      ASSERT_EQ(touched.reserved(), asked.reserved()) << i;
      ASSERT_EQ(touched.allocated(), asked.allocated()) << i;
    }
    EXPECT_EQ(touched.peak_reserved(), asked.peak_reserved());
  }
}

// The second step finds the segments of the first.
TEST(AllocationReplay, ReservesWhatOneStepNeeds) {
  sim::ProgramBuilder builder("stage");
  const sim::StreamIndex main = builder.add_stream("compute");
  builder.resident(builder.buffer({100 * kMiB}, 0, builder.label("weights")));
  const std::uint32_t saved = builder.buffer({48 * kMiB}, 0, builder.label("activations"), 1);
  builder.allocate(main, saved);
  builder.free(main, saved);
  const sim::Program program = std::move(builder).finish();
  EXPECT_EQ(peak_reserved(program, {{}, {{16 * kMiB}, {32 * kMiB}}}, {}).n, 148 * kMiB);
}

// What was found goes into its neighbour, and its number to a block of the other pool, of the same size.
TEST(CachingAllocator, TouchesNoBlockOfTheOtherPool) {
  CachingAllocator allocator = plain();
  const auto first = allocator.allocate({2 * kMiB}), found = allocator.allocate({2 * kMiB});
  allocator.allocate({16 * kMiB});
  allocator.free(found);
  CachingAllocator::Request request = CachingAllocator::request({3 * kMiB / 2});
  allocator.touch(request);
  EXPECT_EQ(allocator.reserved().n, 20 * kMiB);
  allocator.free(first);
  allocator.allocate({4 * kMiB});
  allocator.free(allocator.allocate({512}));
  EXPECT_EQ(allocator.reserved().n, 22 * kMiB);
  allocator.touch(request);
  EXPECT_EQ(allocator.reserved().n, 42 * kMiB);
}

}  // namespace
}  // namespace orrery::models

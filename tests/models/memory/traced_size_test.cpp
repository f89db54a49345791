#include "models/memory/traced_size.h"

#include <gtest/gtest.h>

#include <vector>

#include "models/memory/allocation_replay.h"
#include "models/memory/caching_allocator.h"
#include "models/memory/cause.h"
#include "sim/base/digest.h"

namespace orrery::models {
namespace {

// Goes different ways for different sizes.
template <class Size>
Size largest_hole(const Size& a, const Size& b) {
  const Size rest = round_up(a, 100) - a;
  if (rest < Size(Bytes{10})) return b < a ? a - b : b - a;
  return rest < b ? b - rest : rest + rest;
}

SizeCourse trace_of(Bytes a, Bytes b) {
  SizeTrace trace;
  const TracedSize first = trace.given(a), second = trace.given(b);
  return std::move(trace).finish(largest_hole(first, second));
}

// Of each way one course is enough, and none is taken for another.
TEST(SizeTrace, SaysWhatComputingWouldSay) {
  SizeCourses courses;
  int traced = 0;
  for (std::int64_t a = 1; a < 250; ++a) {
    for (std::int64_t b = 1; b < 250; b += 3) {
      const std::vector<Bytes> given = {{a}, {b}};
      std::optional<Bytes> result = courses.follow(given);
      if (!result) {
        ++traced;
        courses.add(trace_of({a}, {b}));
        result = courses.follow(given);
      }
      ASSERT_TRUE(result);
      ASSERT_EQ(*result, largest_hole(Bytes{a}, Bytes{b})) << a << " " << b;
    }
  }
  EXPECT_EQ(traced, 4);
}

// Those that nobody takes any more make room.
TEST(SizeCourses, KeepsThoseTakenLast) {
  SizeCourses courses;
  const auto is_known = [&](std::int64_t place) { return courses.follow(std::vector<Bytes>{{place}}).has_value(); };
  const auto add = [&](std::int64_t place) {  // of the one size
    SizeTrace trace;
    const TracedSize size = trace.given({place});
    EXPECT_FALSE(size < TracedSize(Bytes{place}) || TracedSize(Bytes{place}) < size);
    courses.add(std::move(trace).finish(size));
  };
  constexpr auto kMost = static_cast<std::int64_t>(SizeCourses::kMost);
  for (std::int64_t place = 0; place < kMost; ++place) add(place);
  EXPECT_TRUE(is_known(0));
  add(kMost);
  EXPECT_EQ(courses.size(), SizeCourses::kMost);
  EXPECT_TRUE(is_known(kMost) && is_known(0) && is_known(2));
  EXPECT_FALSE(is_known(1) || is_known(-1));
}

// What is equal whatever is given is one value, and no comparison.
TEST(SizeTrace, TakesDownEachValueOnce) {
  SizeTrace trace;
  const TracedSize a = trace.given({5}), b = trace.given({7});
  const TracedSize sum = a + b;
  EXPECT_TRUE(is_always(sum - b, a));
  EXPECT_TRUE(is_always(b + a, sum));
  EXPECT_FALSE(is_always(a + TracedSize(Bytes{2}), b));  // equal as it happens
  EXPECT_FALSE(sum - b < a);
  const SizeCourse course = std::move(trace).finish(sum);
  EXPECT_EQ(course.values.size(), 5u);  // a, b, their sum, 2 and a + 2
  EXPECT_TRUE(course.less.empty() && course.at_most.empty());
}

template <class Size>
Size most_reserved(const Size& size) {
  CachingAllocatorOf<Size> allocator({});
  const auto first = allocator.allocate(size), second = allocator.allocate(size);
  allocator.free(first);
  allocator.free(allocator.allocate(size));
  allocator.free(second);
  return allocator.peak_reserved();
}

// Whether what is left of a segment would be worth a block of its own decides nothing.
TEST(SizeTrace, HangsOnNoEndOfASegment) {
  SizeCourses courses;
  int traced = 0;
  for (std::int64_t bytes = 30 << 20; bytes < 36 << 20; bytes += 100'000) {
    const std::vector<Bytes> given = {{bytes}};
    if (!courses.follow(given)) {
      ++traced;
      SizeTrace trace;
      const TracedSize result = most_reserved(trace.given({bytes}));
      courses.add(std::move(trace).finish(result));
    }
    ASSERT_EQ(courses.follow(given), most_reserved(Bytes{bytes})) << bytes;
  }
  EXPECT_EQ(traced, 1);
}

// Layers' activations and workspaces of `tokens`, some rounds of forwards and backwards.
sim::Program passes(std::int64_t tokens) {
  sim::ProgramBuilder builder("stage");
  const sim::StreamIndex main = builder.add_stream("compute");
  const auto saved_by_layer = static_cast<std::uint8_t>(MemoryCause::activations);
  const auto buffer = [&](std::int64_t bytes, std::uint8_t cause, std::uint16_t parts = 0) {
    return builder.buffer({bytes}, cause, builder.label("buffer"), parts);
  };
  builder.resident(buffer(3'000'000'000, 0));
  std::vector<std::uint32_t> held;
  for (int round = 0; round < 12; ++round) {
    for (int layer = 0; layer < 5; ++layer) {
      held.push_back(buffer(24'576 * tokens, saved_by_layer));
      builder.allocate(main, held.back());
      const std::uint32_t workspace = buffer(7'777 * tokens, 0, layer == 2 ? 1 : 0);
      builder.allocate(main, workspace);
      builder.free(main, workspace);
    }
    for (int layer = 0; round >= 3 && layer < 5; ++layer) {
      builder.free(main, held.front());
      held.erase(held.begin());
    }
  }
  for (const std::uint32_t one : held) builder.free(main, one);
  return std::move(builder).finish();
}

// Points that ask for the same in other sizes: what is told from those before is what a replay shows.
TEST(ReplayMemory, TellsWhatReplaysWouldShow) {
  for (const CachingAllocator::Options& options :
       {CachingAllocator::Options{false, {}}, {true, {}}, {false, {6'000'000'000}}}) {
    const auto memory = std::make_shared<ReplayMemory>();
    for (std::uint64_t i = 0; i < 300; ++i) {
      const auto tokens = static_cast<std::int64_t>(i < 200 ? 1024 + i : 1 + Digest::mix(i) % 8192);
      const std::vector<std::vector<Bytes>> tensors = {{}, {{1'000 * tokens}, {900 * tokens}, {5'000 * tokens}}};
      const sim::Program program = passes(tokens);
      ReservedPeaks peaks(tensors, options, memory);
      ASSERT_EQ(peaks.of(program, {}, {}), peak_reserved(program, tensors, options)) << tokens;
    }
  }
}

// Sizes that are one at one point are two at the next.
TEST(ReplayMemory, TellsSizesApartThatWereEqual) {
  const auto memory = std::make_shared<ReplayMemory>();
  const std::vector<std::vector<Bytes>> tensors = {{}, {{3'000'000}, {2'000'000}}};
  for (const std::int64_t tokens : {300, 301, 302, 300, 303}) {
    sim::ProgramBuilder builder("stage");
    const sim::StreamIndex main = builder.add_stream("compute");
    for (const Bytes bytes : {Bytes{10'000 * tokens}, Bytes{3'000'000}, Bytes{9'000 * tokens + 300'000}}) {
      const std::uint32_t buffer = builder.buffer(bytes, 0, builder.label("buffer"));
      builder.allocate(main, buffer);
    }
    builder.allocate(main, builder.buffer({}, 0, builder.label("parts"), 1));
    const sim::Program program = std::move(builder).finish();
    ReservedPeaks peaks(tensors, {}, memory);
    EXPECT_EQ(peaks.of(program, {}, {}), peak_reserved(program, tensors, {})) << tokens;
  }
}

}  // namespace
}  // namespace orrery::models

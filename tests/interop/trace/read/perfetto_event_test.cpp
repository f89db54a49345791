// What events of Perfetto traces say: arguments, names and categories, in bytes that repeat.
#include <gtest/gtest.h>

#include "tests/interop/trace/read/perfetto_trace.h"

namespace orrery::interop {
namespace {

// Events that say the same to the byte are read once; what the bytes stand for may change between them.
TEST(PerfettoEvent, EqualBytesSayWhatTheirNumbersStandForThen) {
  PerfettoTrace trace;
  const auto introduce = [&](std::uint32_t sequence, const char* key, const char* value, bool cleared) {
    trace.packet([&](pbf_writer& packet) {
      packet.add_uint32(field::packet::kSequence, sequence);
      packet.add_uint32(field::packet::kSequenceFlags, cleared ? kStateCleared : kNeedsState);
      pbf_writer interned(packet, field::packet::kInterned);
      add_name(interned, field::interned::kAnnotationNames, 1, key);
      add_name(interned, field::interned::kAnnotationStrings, 1, value);
    });
  };
  const auto use = [&](std::uint32_t sequence) {
    trace.event(
        10,
        [](pbf_writer& e) {
          e.add_enum(field::event::kType, kInstant);
          pbf_writer a(e, field::event::kAnnotation);
          a.add_uint64(field::annotation::kNameIid, 1);
          a.add_uint64(field::annotation::kStringIid, 1);
        },
        sequence);
  };
  introduce(1, "key", "one", true);
  introduce(2, "key", "of another writer", true);
  use(1), use(1), use(2);
  introduce(1, "key", "changed", false);
  use(1);
  introduce(1, "anew", "two", true);
  use(1);
  const Recording told = read(trace);
  using Arguments = std::map<std::string, std::string>;
  ASSERT_EQ(told.instants.size(), 5u);
  EXPECT_EQ(told.instants[0].arguments, (Arguments{{"key", "one"}}));
  EXPECT_EQ(told.instants[1].arguments, (Arguments{{"key", "one"}}));
  EXPECT_EQ(told.instants[2].arguments, (Arguments{{"key", "of another writer"}}));
  EXPECT_EQ(told.instants[3].arguments, (Arguments{{"key", "changed"}}));
  EXPECT_EQ(told.instants[4].arguments, (Arguments{{"anew", "two"}}));
}

// What an event says lasts longer than the piece of the file that it stood in.
TEST(PerfettoEvent, EqualBytesSayTheSameInEveryPieceOfAFile) {
  constexpr std::size_t kEvents = 20'000;  // several pieces
  PerfettoTrace trace;
  for (std::size_t i = 0; i < kEvents; ++i)
    trace.event(10 + i, [&](pbf_writer& e) {
      e.add_enum(field::event::kType, kInstant);
      pbf_writer a(e, field::event::kAnnotation);
      a.add_string(field::annotation::kName, "a key");
      a.add_string(field::annotation::kString, "a text that is longer than a word");
    });
  const Recording told = read(trace);
  const std::map<std::string, std::string> expected{{"a key", "a text that is longer than a word"}};
  ASSERT_EQ(told.instants.size(), kEvents);
  for (const auto& instant : told.instants) ASSERT_EQ(instant.arguments, expected);
}

// Begins within each other keep their own, and an end adds to those of its begin.
TEST(PerfettoEvent, NestedSlicesKeepTheirArguments) {
  PerfettoTrace trace;
  const auto event = [&](std::uint64_t ns, int type, std::optional<std::int64_t> value, const char* key = "n") {
    trace.event(ns, [&](pbf_writer& e) {
      e.add_enum(field::event::kType, type);
      if (!value) return;
      pbf_writer a(e, field::event::kAnnotation);
      a.add_string(field::annotation::kName, key);
      a.add_int64(field::annotation::kInt, *value);
    });
  };
  event(1, kBegin, 1), event(2, kBegin, 2), event(3, kBegin, 2);
  event(4, kEnd, {}), event(5, kEnd, 7, "more"), event(6, kEnd, {});
  event(7, kBegin, {}), event(8, kEnd, {});
  const Recording told = read(trace);
  using Arguments = std::map<std::string, std::string>;
  ASSERT_EQ(told.slices.size(), 4u);
  EXPECT_EQ(told.slices[0].arguments, (Arguments{{"n", "2"}}));
  EXPECT_EQ(told.slices[1].arguments, (Arguments{{"n", "2"}, {"more", "7"}}));
  EXPECT_EQ(told.slices[2].arguments, (Arguments{{"n", "1"}}));
  EXPECT_EQ(told.slices[3].arguments, Arguments());
}

// Names whose numbers are far apart are found as well, and so is what is said again of one.
TEST(PerfettoEvent, NamesMayHaveAnyNumber) {
  PerfettoTrace trace;
  const std::vector<std::uint64_t> numbers{1, 100'000, 70, 3, UINT64_MAX, 100'000};
  for (std::size_t i = 0; i < numbers.size(); ++i)
    trace.packet([&](pbf_writer& packet) {
      packet.add_uint32(field::packet::kSequence, 1);
      name_interned(packet, field::interned::kNames, numbers[i], ("name " + std::to_string(i)).c_str());
    });
  for (const std::uint64_t number : {1ull, 70ull, 3ull, ~0ull, 100'000ull, 5ull})
    trace.event(1, [&](pbf_writer& e) {
      e.add_enum(field::event::kType, kInstant);
      e.add_uint64(field::event::kNameIid, number);
    });
  const Recording told = read(trace);
  std::vector<std::string> names;
  for (const auto& instant : told.instants) names.push_back(instant.name);
  EXPECT_EQ(names, (std::vector<std::string>{"name 0", "name 2", "name 3", "name 4", "name 5", ""}));
}

// Several categories are one text, whether they are spelled out or have numbers.
TEST(PerfettoEvent, CategoriesAreJoined) {
  PerfettoTrace trace;
  trace.packet([&](pbf_writer& packet) {
    packet.add_uint32(field::packet::kSequence, 1);
    name_interned(packet, field::interned::kCategories, 1, "one");
  });
  const auto event = [&](const Fill& categories) {
    trace.event(1, [&](pbf_writer& e) {
      e.add_enum(field::event::kType, kInstant);
      categories(e);
    });
  };
  event([](pbf_writer& e) { e.add_uint64(field::event::kCategoryIid, 1); });
  event([](pbf_writer& e) { e.add_string(field::event::kCategory, "x"), e.add_string(field::event::kCategory, "y"); });
  event([](pbf_writer& e) { e.add_uint64(field::event::kCategoryIid, 1), e.add_string(field::event::kCategory, "x"); });
  event([](pbf_writer& e) {
    e.add_string(field::event::kCategory, "x");
    e.add_uint64(field::event::kCategoryIid, 1);
    e.add_uint64(field::event::kCategoryIid, 1);
  });
  event([](pbf_writer&) {});
  const Recording told = read(trace);
  std::vector<std::string> categories;
  for (const auto& instant : told.instants) categories.push_back(instant.category);
  EXPECT_EQ(categories, (std::vector<std::string>{"one", "x,y", "one,x", "x,one,one", ""}));
}

}  // namespace
}  // namespace orrery::interop

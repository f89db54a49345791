// Perfetto traces as others write them: interned names, clocks, tracks that are described late.
#include <gtest/gtest.h>
#include <zlib.h>

#include "tests/interop/trace/read/perfetto_trace.h"

namespace orrery::interop {
namespace {

// Each writer has names of its own, until it says that it begins anew.
TEST(PerfettoReader, NamesAreInternedByTheirWriter) {
  PerfettoTrace trace;
  const auto introduce = [&](std::uint32_t sequence, const char* name, bool cleared) {
    trace.packet([&](pbf_writer& packet) {
      packet.add_uint32(field::packet::kSequence, sequence);
      packet.add_uint32(field::packet::kSequenceFlags, cleared ? kStateCleared : kNeedsState);
      name_interned(packet, field::interned::kNames, 1, name);
    });
  };
  const auto use = [&](std::uint32_t sequence, std::uint64_t ns) {
    trace.event(
        ns,
        [](pbf_writer& e) {
          e.add_enum(field::event::kType, kInstant);
          e.add_uint64(field::event::kNameIid, 1);
        },
        sequence);
  };
  introduce(1, "a", true);
  introduce(2, "b", true);
  use(1, 10);
  use(2, 10);
  introduce(1, "c", true);
  use(1, 20);
  const Recording told = read(trace);
  ASSERT_EQ(told.instants.size(), 3u);
  EXPECT_EQ(told.instants[0].name, "a");
  EXPECT_EQ(told.instants[1].name, "b");
  EXPECT_EQ(told.instants[2].name, "c");
}

TEST(PerfettoReader, ThreadsBelongToTheProcessOfTheirPidAndMayBeDescribedLate) {
  PerfettoTrace trace;
  trace.slice(7, 1'000, 3'000, "early");
  trace.describe([](pbf_writer& t) {
    t.add_uint64(field::track::kUuid, 7);
    pbf_writer thread(t, field::track::kThread);
    thread.add_int32(field::thread::kPid, 42);
    thread.add_int64(field::thread::kTid, 43);
    thread.add_string(field::thread::kName, "worker");
  });
  trace.describe([](pbf_writer& t) {
    t.add_uint64(field::track::kUuid, 8);
    pbf_writer process(t, field::track::kProcess);
    process.add_int32(field::process::kPid, 42);
    process.add_string(field::process::kName, "rank 3");
  });
  trace.slice(7, 5'000, 9'000, "late");
  const Recording told = read(trace);
  ASSERT_EQ(told.slices.size(), 2u);
  EXPECT_EQ(told.slices[1].track, "worker");
  EXPECT_EQ(told.slices[1].process, "rank 3");
  EXPECT_EQ(told.slices[1].start_ps, 5'000'000);
  EXPECT_EQ(told.tracks[0].tid, 43);
}

// What the SDK writes: microseconds since the packet before, on a clock of its own.
TEST(PerfettoReader, ClocksOfAWriterCountOnFromTheirSnapshot) {
  PerfettoTrace trace;
  trace.packet([](pbf_writer& packet) {
    packet.add_uint32(field::packet::kSequence, 1);
    packet.add_uint32(field::packet::kSequenceFlags, kStateCleared);
    {
      pbf_writer snapshot(packet, field::packet::kClockSnapshot);
      const auto clock = [&](std::uint32_t id, std::uint64_t value, bool incremental, std::uint64_t multiplier) {
        pbf_writer c(snapshot, field::clocks::kClocks);
        c.add_uint32(field::clocks::kId, id);
        c.add_uint64(field::clocks::kTimestamp, value);
        c.add_bool(field::clocks::kIncremental, incremental);
        c.add_uint64(field::clocks::kMultiplier, multiplier);
      };
      clock(64, 3, true, 1000);
      clock(6, 5'000'000, false, 1);
    }
    pbf_writer defaults(packet, field::packet::kDefaults);
    defaults.add_uint32(field::defaults::kTimestampClock, 64);
    pbf_writer event(defaults, field::defaults::kTrackEvent);
    event.add_uint64(field::defaults::kTrack, 9);
  });
  const auto mark = [](pbf_writer& e) {
    e.add_enum(field::event::kType, kInstant);
    e.add_string(field::event::kName, "x");
  };
  trace.event(10, mark).event(5, mark);
  const Recording told = read(trace);
  ASSERT_EQ(told.instants.size(), 2u);
  EXPECT_EQ(told.instants[0].start_ps, 5'010'000'000);
  EXPECT_EQ(told.instants[1].start_ps, 5'015'000'000);
}

TEST(PerfettoReader, CountersHaveUnitsAndMayTellChanges) {
  PerfettoTrace trace;
  trace.describe([](pbf_writer& t) {
    t.add_uint64(field::track::kUuid, 5);
    t.add_string(field::track::kName, "queue");
    pbf_writer counter(t, field::track::kCounter);
    counter.add_string(field::counter::kUnitName, "requests");
    counter.add_int64(field::counter::kMultiplier, 2);
    counter.add_bool(field::counter::kIncremental, true);
  });
  for (const std::int64_t change : {3, 4})
    trace.event(1'000, [&](pbf_writer& e) {
      e.add_enum(field::event::kType, kCounterEvent);
      e.add_uint64(field::event::kTrack, 5);
      e.add_int64(field::event::kCounterValue, change);
    });
  const Recording told = read(trace);
  ASSERT_EQ(told.counts.size(), 2u);
  EXPECT_EQ(told.counts[1].unit, "requests");
  EXPECT_EQ(told.counts[1].value, 14);
}

TEST(PerfettoReader, ArgumentsOfEveryKind) {
  PerfettoTrace trace;
  trace.event(1, [](pbf_writer& e) {
    e.add_enum(field::event::kType, kInstant);
    const auto add = [&](const char* name, const Fill& fill) {
      pbf_writer a(e, field::event::kAnnotation);
      a.add_string(field::annotation::kName, name);
      fill(a);
    };
    add("int", [](pbf_writer& a) { a.add_int64(field::annotation::kInt, -5); });
    add("bool", [](pbf_writer& a) { a.add_bool(field::annotation::kBool, true); });
    add("text", [](pbf_writer& a) { a.add_string(field::annotation::kString, "t"); });
    add("list", [](pbf_writer& a) {
      pbf_writer one(a, field::annotation::kArrayValue);
      one.add_uint64(field::annotation::kUint, 1);
      one.commit();
      pbf_writer two(a, field::annotation::kArrayValue);
      pbf_writer entry(two, field::annotation::kDictEntry);
      entry.add_string(field::annotation::kName, "k");
      entry.add_string(field::annotation::kString, "v");
    });
  });
  const Recording told = read(trace);
  const std::map<std::string, std::string> expected{
      {"int", "-5"}, {"bool", "true"}, {"text", "t"}, {"list", R"([1,{"k":"v"}])"}};
  EXPECT_EQ(told.instants.at(0).arguments, expected);
}

std::string deflated(const std::string& bytes) {
  std::string out(compressBound(bytes.size()), '\0');
  uLongf size = out.size();
  compress(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
  out.resize(size);
  return out;
}

TEST(PerfettoReader, UnfoldsCompressedPackets) {
  PerfettoTrace inner, trace;
  inner.slice(1, 10, 20, "inside");
  trace.packet(
      [&](pbf_writer& packet) { packet.add_string(field::packet::kCompressedPackets, deflated(inner.bytes())); });
  EXPECT_EQ(read(trace).slices.at(0).name, "inside");
}

TEST(PerfettoReader, GoesOnBehindABrokenPacket) {
  PerfettoTrace trace;
  trace.slice(1, 1, 2, "before");
  trace.packet([](pbf_writer& packet) { packet.add_string(field::packet::kTrackEvent, "\xFF\xFF\xFF"); });
  trace.slice(1, 3, 4, "after");
  const Recording told = read(trace, 1);
  EXPECT_EQ(told.slices.size(), 2u);
}

// Lengths up to 2^64 - 1: what follows is read over, never allocated.
TEST(PerfettoReader, SurvivesHostileLengths) {
  for (const std::string_view length :
       {"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F", "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01",
        "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", "\xFF\xFF\xFF\xFF\x0F"}) {
    PerfettoTrace trace;
    trace.slice(1, 1, 2, "before").raw("\x0A").raw(length).raw("more");
    EXPECT_EQ(read(trace, 1).slices.size(), 1u);
  }
}

// A track that is its own grandparent, and a process that is its own parent.
TEST(PerfettoReader, SurvivesCirclesOfTracks) {
  PerfettoTrace trace;
  for (const auto& [uuid, parent] : {std::pair(1u, 2u), {2u, 1u}, {3u, 3u}})
    trace.describe([id = uuid, above = parent](pbf_writer& t) {
      t.add_uint64(field::track::kUuid, id);
      t.add_uint64(field::track::kParent, above);
    });
  trace.slice(1, 1, 2, "a").slice(3, 1, 2, "b");
  EXPECT_EQ(read(trace).slices.size(), 2u);
}

}  // namespace
}  // namespace orrery::interop

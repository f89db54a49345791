#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <protozero/pbf_writer.hpp>

#include "interop/trace/format/perfetto_fields.h"
#include "tests/interop/trace/read/recording.h"

namespace orrery::interop {

using protozero::pbf_writer;
using Fill = std::function<void(pbf_writer&)>;

// A trace, packet by packet.
class PerfettoTrace {
 public:
  PerfettoTrace& packet(const Fill& fill) {
    std::string bytes;
    pbf_writer packet(bytes);
    fill(packet);
    pbf_writer(bytes_).add_message(field::kTracePacket, bytes);
    return *this;
  }
  PerfettoTrace& event(std::uint64_t ns, const Fill& fill, std::uint32_t sequence = 1) {
    return packet([&](pbf_writer& packet) {
      packet.add_uint64(field::packet::kTimestamp, ns);
      packet.add_uint32(field::packet::kSequence, sequence);
      pbf_writer event(packet, field::packet::kTrackEvent);
      fill(event);
    });
  }
  PerfettoTrace& slice(std::uint64_t track, std::uint64_t from, std::uint64_t to, const char* name) {
    event(from, [&](pbf_writer& e) {
      e.add_enum(field::event::kType, kBegin);
      e.add_uint64(field::event::kTrack, track);
      e.add_string(field::event::kName, name);
    });
    return event(to, [&](pbf_writer& e) {
      e.add_enum(field::event::kType, kEnd);
      e.add_uint64(field::event::kTrack, track);
    });
  }
  PerfettoTrace& describe(const Fill& fill) {
    return packet([&](pbf_writer& packet) {
      pbf_writer track(packet, field::packet::kTrackDescriptor);
      fill(track);
    });
  }
  PerfettoTrace& raw(std::string_view bytes) { return bytes_ += bytes, *this; }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

inline void add_name(pbf_writer& interned, int table, std::uint64_t iid, const char* name) {
  pbf_writer entry(interned, static_cast<protozero::pbf_tag_type>(table));
  entry.add_uint64(field::interned::kIid, iid);
  entry.add_string(field::interned::kName, name);
}
inline void name_interned(pbf_writer& packet, int table, std::uint64_t iid, const char* name) {
  pbf_writer interned(packet, field::packet::kInterned);
  add_name(interned, table, iid, name);
}

inline Recording read(const PerfettoTrace& trace, std::uint64_t skipped = 0) {
  Recording told;
  const auto result = read_bytes(trace.bytes(), told);
  EXPECT_TRUE(result.ok());
  if (!result) return told;
  EXPECT_EQ(result->format, TraceFormat::perfetto);
  EXPECT_EQ(result->skipped, skipped);
  return told;
}

}  // namespace orrery::interop

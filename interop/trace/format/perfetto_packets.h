#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "interop/trace/format/perfetto_fields.h"
#include "interop/trace/write/output/output_file.h"
#include "sim/base/duration.h"

// A heavy header stays in the .cpp files that fill packets.
namespace protozero {
template <typename Buffer>
class basic_pbf_writer;
}

namespace orrery::interop {

// The packets of a Perfetto trace, one by one: a Trace is a repeated TracePacket,
// so a file grows at its end. All are of one writer, whose names are interned.
// Times are nanoseconds, rounded down.
class PerfettoPackets {
 public:
  using Writer = protozero::basic_pbf_writer<std::string>;

  explicit PerfettoPackets(std::unique_ptr<OutputFile> file) : file_(std::move(file)) {}

  // The packet that everything interned counts from. To be filled and written.
  Writer first();
  // A packet at this time. To be filled and written.
  Writer at(Time when);
  void write();

  static void intern(Writer& interned, int table, std::uint64_t iid, std::string_view name);
  // `explicit_order`: its children stand as their order says.
  void process(std::uint64_t uuid, std::int32_t pid, std::string_view name, std::string_view labels);
  struct Track {
    std::uint64_t uuid = 0, parent = 0;  // 0: none
    std::string_view name = {};
    std::int64_t order = 0;
    bool counts = false;
    std::string_view unit = {};  // of a counter: "bytes", "B/s"
    bool orders_children = false;
  };
  void track(const Track& track);
  void count(std::uint64_t track, Time when, std::int64_t value);
  void count(std::uint64_t track, Time when, double value);

  Errors close() { return file_->close(); }

 private:
  std::unique_ptr<OutputFile> file_;
  std::string packet_, framed_;
};

std::uint64_t whole_nanoseconds(Time t);

}  // namespace orrery::interop

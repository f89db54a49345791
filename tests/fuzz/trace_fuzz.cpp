// The readers of traces on any bytes, plain and compressed, Chrome JSON and
// Perfetto: they end, and keep what TraceVisitor promises to whoever listens. The
// quick parser of events says what the careful one says.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "interop/trace/format/utf8.h"
#include "interop/trace/read/read_bytes.h"
#include "tests/interop/trace/read/same_event.h"

namespace {

using namespace orrery;
using namespace orrery::interop;

void require(bool kept) {
  if (!kept) std::abort();
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

class Checking final : public TraceVisitor {
 public:
  void name(TraceNameId id, std::string_view text) override {
    require(id.value == names_++ && is_utf8(text));
    for (const char c : text) require(static_cast<unsigned char>(c) >= 0x20);
  }
  void process(const TraceProcess& p) override {
    declare(p.id.value, processes_);
    require(is_utf8(p.name) && is_utf8(p.labels));
  }
  void track(const TraceTrack& t) override {
    declare(t.id.value, tracks_);
    require(t.process.value < processes_ && is_utf8(t.name));
    require(t.parent.is_none() || t.parent.value < t.id.value);
  }
  void counter(const TraceCounter& c) override {
    declare(c.id.value, counters_);
    require(c.process.value < processes_ && is_utf8(c.name) && is_utf8(c.series));
  }
  void slice(const TraceSlice& s) override {
    require(s.track.value < tracks_ && s.name.value < names_ && s.category.value < names_);
    require(s.duration >= Duration() && s.start + s.duration >= s.start);
    for (const TraceArgument& argument : s.arguments) {
      require(is_utf8(argument.key));
      if (const auto* text = std::get_if<std::string_view>(&argument.value)) require(is_utf8(*text));
    }
  }
  void instant(const TraceSlice& s) override { slice(s); }
  void count(TraceCounterId id, Time, double) override { require(id.value < counters_); }
  void flow(const TraceFlowPoint& point) override { require(point.track.value < tracks_); }
  // A bomb is read through in pieces; a fuzzer has better things to do.
  bool keep_going(const TraceProgress&) override { return ++asked_ < 1000; }

 private:
  static void declare(std::uint32_t id, std::uint32_t& known) {
    require(id <= known);
    if (id == known) ++known;
  }

  std::uint32_t names_ = 0, processes_ = 0, tracks_ = 0, counters_ = 0, asked_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  Checking visitor;
  const auto read =
      read_trace([bytes] { return Result<std::unique_ptr<ByteSource>>(bytes_of(bytes)); }, "fuzz", visitor);
  require(read.ok() || !read.errors().empty());
  if (const std::size_t event = bytes.find("{\"ph"); event != std::string_view::npos)
    require(taken_alike(bytes.substr(event), true) && taken_alike(bytes.substr(event), false));
  return 0;
}

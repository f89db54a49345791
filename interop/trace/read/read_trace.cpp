#include "interop/trace/read/read_trace.h"

#include "interop/trace/read/chrome/reader.h"
#include "interop/trace/read/perfetto/reader.h"
#include "interop/trace/read/read_bytes.h"

namespace orrery::interop {
namespace {

constexpr std::size_t kLookedAt = 4096;

// Listens to the first pass, which only looks for the trace's zero.
class Waiting final : public TraceVisitor {
 public:
  explicit Waiting(TraceVisitor& visitor) : visitor_(visitor) {}
  void name(TraceNameId, std::string_view) override {}
  void process(const TraceProcess&) override {}
  void track(const TraceTrack&) override {}
  void slice(const TraceSlice&) override {}
  bool keep_going(const TraceProgress& progress) override { return visitor_.keep_going(progress); }

 private:
  TraceVisitor& visitor_;
};

// A protobuf trace begins with the tag of a packet, 0x0A, which is a line feed as
// well. Behind those of JSON come a bracket and what may follow it, which would be
// a length and a tag that no packet begins with.
bool looks_like_perfetto(ByteWindow& window) {
  if (!window.want(1) || window[0] != '\n') return false;
  window.want(kLookedAt);
  const std::string_view text = window.text();
  const std::size_t bracket = text.find_first_not_of(" \t\r\n");
  if (bracket == std::string_view::npos || (text[bracket] != '{' && text[bracket] != '[')) return true;
  const char next = bracket + 1 < text.size() ? text[bracket + 1] : ' ';
  return std::string_view(" \t\r\n\"{}[]").find(next) == std::string_view::npos;
}

Errors read_once(ByteSource& source, const std::string& file, TraceTeller& teller, const TraceProgress& before) {
  ByteWindow window(source, [&] { return teller.keep_going({before.bytes + source.consumed(), before.total}); });
  if (!window.want(1) && !source.fault() && !teller.summary().cancelled)
    return {{{file, 0, 0}, "is no trace: it is empty"}};
  Errors errors;
  if (looks_like_perfetto(window)) {
    teller.summary().format = TraceFormat::perfetto;
    errors = PerfettoReader(teller).read(window, file);
  } else {
    errors = ChromeReader(teller).read(window, file);
  }
  if (const auto fault = source.fault()) teller.skip(*fault, window.position());
  return errors;
}

}  // namespace

Result<TraceSummary> read_trace(const OpenBytes& open, const std::string& file, TraceVisitor& visitor,
                                const TraceReadOptions& options) {
  auto first = open();
  if (!first) return first.errors();
  ZeroFinder finder;
  Waiting waiting(visitor);
  TraceTeller looking(file, waiting, options, 0);
  looking.find_zero(finder);
  const std::uint64_t total = (*first)->total();
  Errors errors = read_once(**first, file, looking, {0, 2 * total});
  if (looking.summary().cancelled) return looking.summary();
  if (!errors.empty()) return errors;

  auto second = open();
  if (!second) return second.errors();
  const ClockTime zero = finder.zero();
  TraceTeller teller(file, visitor, options, zero);
  if (zero != 0) visitor.zero(static_cast<std::int64_t>(zero / 1000));
  if (const auto rank = looking.rank_of_all()) teller.all_are_of(*rank);
  const std::uint64_t passed = finder.decided() ? 0 : total;
  errors = read_once(**second, file, teller, {passed, passed + total});
  if (!errors.empty()) return errors;
  if (!teller.summary().cancelled) teller.finish();
  return teller.summary();
}

Result<TraceSummary> read_trace(const std::string& path, TraceVisitor& visitor, const TraceReadOptions& options) {
  return read_trace([&] { return open_bytes(path); }, path, visitor, options);
}

}  // namespace orrery::interop

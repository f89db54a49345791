#include "interop/trace/read/perfetto/reader.h"

#include <algorithm>

#include "interop/trace/format/perfetto_fields.h"

namespace orrery::interop {
namespace {

// Bounds on what a hostile file can make a reader keep.
constexpr std::uint64_t kMaxPacketBytes = 32 << 20;
constexpr std::size_t kMaxSequences = 1 << 16, kMaxInterned = 1 << 20;
constexpr std::uint32_t kFirstOwnClock = 64;  // ids from here on are a sequence's own

// A varint at the window's byte `at`, which is moved behind it.
std::optional<std::uint64_t> varint(ByteWindow& window, std::size_t& at) {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    if (!window.want(at + 1)) return {};
    const auto byte = static_cast<unsigned char>(window[at++]);
    value |= std::uint64_t{byte & 0x7Fu} << shift;
    if (byte < 0x80) return value;
  }
  return {};
}

// Lets go of bytes that may be more than fit into memory. False at the end of the file.
bool drop(ByteWindow& window, std::uint64_t bytes) {
  while (bytes > 0) {
    if (window.size() == 0 && !window.more()) return false;
    const std::size_t n = static_cast<std::size_t>(std::min<std::uint64_t>(bytes, window.size()));
    window.drop(n);
    bytes -= n;
  }
  return true;
}

}  // namespace

Errors PerfettoReader::read(ByteWindow& window, const std::string& file) {
  teller_.name({});  // that of events without one
  packets(window, false);
  open_.finish();
  if (packets_ > 0 || teller_.summary().cancelled) return {};
  return {{{file, 0, 0}, "is no trace: a trace is Chrome JSON, as .json, .gz or .zst, or Perfetto's .pftrace"}};
}

void PerfettoReader::packets(ByteWindow& window, bool within_packet) {
  while (window.want(1)) {
    if (!within_packet) at_ = window.position();
    if (short_packet(window, within_packet)) continue;
    std::size_t head = 0;
    const auto tag = varint(window, head);
    const int wire = tag ? static_cast<int>(*tag & 7) : -1;
    if (wire == 0 && varint(window, head)) {  // a field of a later version
      window.drop(head);
      continue;
    }
    const auto length = wire == 2 ? varint(window, head) : std::nullopt;
    if (!length) return skip("from here on the bytes are no packets");
    window.drop(head);
    if (*length > kMaxPacketBytes || (*tag >> 3) != field::kTracePacket) {
      if (*tag >> 3 == field::kTracePacket) skip("the packet is longer than 32 MiB");
      if (!drop(window, *length)) return;
      continue;
    }
    const auto size = static_cast<std::size_t>(*length);
    if (!window.want(size)) {
      window.drop(window.size());
      return skip("the file ends in the middle of a packet");
    }
    whole_packet(window, size, within_packet);
  }
}

// Nearly all packets are shorter than 128 bytes, and lie in the window whole: their head is
// a tag and a length of one byte each. False where this is none.
bool PerfettoReader::short_packet(ByteWindow& window, bool within_packet) {
  constexpr std::size_t kHead = 2;
  constexpr char kTag = field::kTracePacket << 3 | 2;
  if (window.size() < kHead || window[0] != kTag) return false;
  const auto size = static_cast<unsigned char>(window[1]);
  if (size >= 0x80 || window.size() < kHead + size) return false;
  window.drop(kHead);
  whole_packet(window, size, within_packet);
  return true;
}

void PerfettoReader::whole_packet(ByteWindow& window, std::size_t size, bool within_packet) {
  try {
    packet(ProtoMessage(window.data(), size), within_packet);
  } catch (const ProtoFault&) {
    skip("the packet is broken");
  }
  window.drop(size);
}

PerfettoReader::Packet PerfettoReader::parse(ProtoMessage message) {
  namespace field = field::packet;
  Packet packet;
  while (message.next()) {
    switch (message.tag()) {
      case field::kTimestamp:
        packet.timestamp = message.get_uint64();
        break;
      case field::kTimestampClock:
        packet.clock = message.get_uint32();
        break;
      case field::kSequence:
        packet.sequence = message.get_uint32();
        break;
      case field::kSequenceFlags:
        packet.flags = message.get_uint32();
        break;
      case field::kStateCleared:
        packet.cleared = message.get_bool();
        break;
      case field::kTrackEvent:
        packet.event = message.get_message();
        break;
      case field::kInterned:
        packet.interned = message.get_message();
        break;
      case field::kDefaults:
        packet.defaults = message.get_message();
        break;
      case field::kTrackDescriptor:
        packet.track = message.get_message();
        break;
      case field::kClockSnapshot:
        packet.clocks = message.get_message();
        break;
      case field::kCompressedPackets:
        packet.compressed = message.get_view();
        break;
      default:
        message.skip();
    }
  }
  return packet;
}

void PerfettoReader::packet(ProtoMessage message, bool within_packet) {
  const Packet packet = parse(message);
  ++packets_;
  if (!packet.compressed.empty()) {
    if (within_packet) return skip("compressed packets hold compressed packets");
    return unfold(packet.compressed);
  }
  PerfettoSequence* const known = sequence_of(packet.sequence);
  if (known == nullptr) return skip("the trace has too many writers");
  PerfettoSequence& sequence = *known;
  if (packet.cleared || (packet.flags & kStateCleared) != 0) {
    sequence = PerfettoSequence();
    annotations_.forget();
  }
  if (packet.defaults) set_defaults(*packet.defaults, sequence);
  if (packet.clocks) snapshot(*packet.clocks, sequence);
  if (packet.interned) intern(*packet.interned, sequence);
  if (packet.track) tracks_.describe(*packet.track);
  if (packet.event) event(*packet.event, sequence, time(packet, sequence));
}

// Null where there are too many. The same writer's packets mostly follow each other.
PerfettoSequence* PerfettoReader::sequence_of(std::uint32_t id) {
  if (last_sequence_.second != nullptr && last_sequence_.first == id) return last_sequence_.second;
  if (sequences_.size() >= kMaxSequences && !sequences_.contains(id)) return nullptr;
  last_sequence_ = {id, &sequences_[id]};
  annotations_.forget();
  return last_sequence_.second;
}

// A bomb unfolds piece by piece, as a compressed file does.
void PerfettoReader::unfold(std::string_view compressed) {
  const auto source = zlib_bytes_of(compressed);
  const std::uint64_t at = at_;
  ByteWindow window(*source, [] { return true; });
  packets(window, true);
  if (source->fault()) teller_.skip("its compressed packets are broken", at);
}

void PerfettoReader::set_defaults(ProtoMessage message, PerfettoSequence& sequence) {
  while (message.next()) {
    if (message.tag() == field::defaults::kTimestampClock) {
      sequence.default_clock = message.get_uint32();
    } else if (message.tag() == field::defaults::kTrackEvent) {
      ProtoMessage event = message.get_message();
      while (event.next(field::defaults::kTrack)) sequence.default_track = event.get_uint64();
    } else {
      message.skip();
    }
  }
}

void PerfettoReader::intern(ProtoMessage message, PerfettoSequence& sequence) {
  namespace field = field::interned;
  while (message.next()) {
    switch (message.tag()) {
      case field::kCategories:
        intern(message.get_message(), sequence.categories);
        break;
      case field::kNames:
        intern(message.get_message(), sequence.names);
        break;
      case field::kAnnotationNames:
        intern(message.get_message(), sequence.annotation_names);
        annotations_.forget();
        break;
      case field::kAnnotationStrings:
        intern(message.get_message(), sequence.annotation_strings);
        annotations_.forget();
        break;
      default:
        message.skip();
    }
  }
}

void PerfettoReader::intern(ProtoMessage entry, InternedNames& names) {
  std::uint64_t iid = 0;
  std::string_view name;
  while (entry.next()) {
    if (entry.tag() == field::interned::kIid)
      iid = entry.get_uint64();
    else if (entry.tag() == field::interned::kName)
      name = entry.get_view();
    else
      entry.skip();
  }
  if (names.size() < kMaxInterned) names.set(iid, teller_.name(name));
}

// All clocks of a snapshot show the same moment; the first of them that belongs
// to the whole trace is the one that others are turned into.
void PerfettoReader::snapshot(ProtoMessage message, PerfettoSequence& sequence) {
  std::vector<std::pair<std::uint32_t, PerfettoClock>> shown;
  std::optional<std::int64_t> trace_ns;
  while (message.next(field::clocks::kClocks)) {
    ProtoMessage entry = message.get_message();
    std::uint32_t id = 0;
    PerfettoClock clock;
    while (entry.next()) {
      if (entry.tag() == field::clocks::kId)
        id = entry.get_uint32();
      else if (entry.tag() == field::clocks::kTimestamp)
        clock.last = static_cast<std::int64_t>(entry.get_uint64());
      else if (entry.tag() == field::clocks::kIncremental)
        clock.incremental = entry.get_bool();
      else if (entry.tag() == field::clocks::kMultiplier)
        clock.multiplier_ns = static_cast<std::int64_t>(entry.get_uint64());
      else
        entry.skip();
    }
    constexpr std::int64_t kMost = INT64_MAX / 4;
    const ClockTime ns = ClockTime{clock.last} * clock.multiplier_ns;
    if (ns < 0 || ns > kMost) continue;
    clock.value_ns = static_cast<std::int64_t>(ns);
    constexpr std::uint32_t kBoot = 6;
    if (id < kFirstOwnClock && (!trace_ns || id == kBoot)) trace_ns = clock.value_ns;
    shown.emplace_back(id, clock);
  }
  for (auto& [id, clock] : shown) {
    clock.trace_ns = trace_ns.value_or(clock.value_ns);
    (id < kFirstOwnClock ? clocks_ : sequence.clocks)[id] = clock;
  }
}

ClockTime PerfettoReader::time(const Packet& packet, PerfettoSequence& sequence) {
  const std::uint64_t stamp = packet.timestamp.value_or(0);
  const std::uint32_t id = packet.clock.value_or(sequence.default_clock);
  auto& clocks = id < kFirstOwnClock ? clocks_ : sequence.clocks;
  const auto found = clocks.find(id);
  if (found == clocks.end()) return ClockTime{stamp} * 1000;
  PerfettoClock& clock = found->second;
  ClockTime value = stamp;
  if (clock.incremental) {
    value += clock.last;
    if (value <= INT64_MAX) clock.last = static_cast<std::int64_t>(value);
  }
  return (value * clock.multiplier_ns - clock.value_ns + clock.trace_ns) * 1000;
}

}  // namespace orrery::interop

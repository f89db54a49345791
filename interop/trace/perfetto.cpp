#include "interop/trace/perfetto.h"

#include <array>
#include <protozero/pbf_writer.hpp>

#include "interop/trace/perfetto_fields.h"

namespace orrery::interop {
namespace {

using protozero::pbf_writer;

enum class Argument : std::uint32_t { step, action, micro_batch, chunk, transfer, bytes, waited_ns };
constexpr std::array<std::string_view, 7> kArgumentNames = {"step",     "action", "micro_batch", "chunk",
                                                            "transfer", "bytes",  "waited_ns"};

std::uint64_t nanoseconds(Time t) {
  return static_cast<std::uint64_t>(t.count_ps() / 1'000);
}

// Track ids: a rank's own, its streams, its counters; all apart from the network's.
constexpr std::uint64_t kNetwork = 1ull << 62;
std::uint64_t rank_track(std::uint32_t rank) {
  return (rank + 1ull) << 16;
}
std::uint64_t stream_track(std::uint32_t rank, std::uint64_t track) {
  return rank_track(rank) + 1 + track;
}
std::uint64_t memory_track(std::uint32_t rank, std::uint64_t cause) {
  return rank_track(rank) + 0x8000 + cause;
}

class Perfetto final : public EventFormat {
 public:
  Perfetto(std::unique_ptr<OutputFile> file, const NameTable& names, std::vector<std::string> causes)
      : file_(std::move(file)), names_(names), causes_(std::move(causes)) {
    packet_.clear();
    pbf_writer packet(packet_);
    packet.add_uint32(field::packet::kSequence, 1);
    packet.add_uint32(field::packet::kSequenceFlags, kStateCleared);
    pbf_writer interned(packet, field::packet::kInterned);
    for (std::size_t i = 0; i < kArgumentNames.size(); ++i)
      intern(interned, field::interned::kAnnotationNames, i + 1, kArgumentNames[i]);
    interned.commit();
    write();
  }
  ~Perfetto() override { Perfetto::close(); }

  void rank(std::uint32_t rank, std::string_view name, std::string_view program,
            const std::vector<std::string>& tracks) override {
    describe_process(rank, name, program);
    std::uint64_t order = 0;
    for (std::size_t i = 0; i < tracks.size(); ++i)
      describe_track(stream_track(rank, i), rank_track(rank), tracks[i], order++, false);
    describe_track(memory_track(rank, causes_.size()), rank_track(rank), "memory", order++, true);
    for (std::size_t i = 0; i < causes_.size(); ++i)
      describe_track(memory_track(rank, i), rank_track(rank), "memory: " + causes_[i], order++, true);
  }

  void slice(const Slice& slice) override {
    begin_slice(slice);
    pbf_writer packet = start_packet(slice.end);
    pbf_writer event(packet, field::packet::kTrackEvent);
    event.add_enum(field::event::kType, kEnd);
    event.add_uint64(field::event::kTrack, stream_track(slice.rank, slice.track));
    // A flow runs from the earlier event to the later: a receive may be posted
    // before its send, but it never ends before the send begins.
    if (slice.flow != 0 && !slice.flow_starts) event.add_fixed64(field::event::kEndsFlow, slice.flow);
    event.commit();
    write();
  }

  void memory(std::uint32_t rank, Time when, std::span<const std::int64_t> by_cause, std::size_t changed) override {
    std::int64_t sum = 0;
    for (const std::int64_t bytes : by_cause) sum += bytes;
    count(memory_track(rank, changed), when, by_cause[changed]);
    count(memory_track(rank, causes_.size()), when, sum);
  }

  void link(std::uint32_t link, std::string_view name, Time when, BytesPerSecond load) override {
    if (described_links_.empty()) describe_track(kNetwork, 0, "network", 0, false);
    if (described_links_.size() <= link) described_links_.resize(link + 1);
    if (!described_links_[link]) describe_track(kNetwork + 1 + link, kNetwork, name, link, true, "B/s");
    described_links_[link] = true;
    count(kNetwork + 1 + link, when, load.n);
  }

  Errors close() override { return file_->close(); }

 private:
  pbf_writer start_packet(Time when) {
    packet_.clear();
    pbf_writer packet(packet_);
    packet.add_uint64(field::packet::kTimestamp, nanoseconds(when));
    packet.add_uint32(field::packet::kSequence, 1);
    packet.add_uint32(field::packet::kSequenceFlags, kNeedsState);
    return packet;
  }

  // A Trace is a repeated TracePacket, so a file grows packet by packet.
  void write() {
    framed_.clear();
    pbf_writer(framed_).add_message(field::kTracePacket, packet_);
    file_->write(framed_);
  }

  static void intern(pbf_writer& interned, int table, std::uint64_t iid, std::string_view name) {
    pbf_writer entry(interned, static_cast<protozero::pbf_tag_type>(table));
    entry.add_uint64(field::interned::kIid, iid);
    entry.add_string(field::interned::kName, name.data(), name.size());
  }

  void describe_process(std::uint32_t rank, std::string_view name, std::string_view program) {
    packet_.clear();
    pbf_writer packet(packet_);
    packet.add_uint32(field::packet::kSequence, 1);
    pbf_writer track(packet, field::packet::kTrackDescriptor);
    track.add_uint64(field::track::kUuid, rank_track(rank));
    track.add_enum(field::track::kChildOrdering, kExplicitOrder);
    pbf_writer process(track, field::track::kProcess);
    process.add_int32(field::process::kPid, static_cast<std::int32_t>(rank + 1));  // 0 is the idle process to viewers
    process.add_string(field::process::kName, name.data(), name.size());
    process.add_string(field::process::kLabels, program.data(), program.size());
    process.commit();
    track.commit();
    write();
  }

  void describe_track(std::uint64_t uuid, std::uint64_t parent, std::string_view name, std::uint64_t order, bool counts,
                      std::string_view unit = {}) {
    packet_.clear();
    pbf_writer packet(packet_);
    packet.add_uint32(field::packet::kSequence, 1);
    pbf_writer track(packet, field::packet::kTrackDescriptor);
    track.add_uint64(field::track::kUuid, uuid);
    if (parent != 0) track.add_uint64(field::track::kParent, parent);
    track.add_string(field::track::kName, name.data(), name.size());
    track.add_int32(field::track::kOrderRank, static_cast<std::int32_t>(order));
    track.add_enum(field::track::kSiblingMerge, kNeverMerged);
    if (uuid == kNetwork) track.add_enum(field::track::kChildOrdering, kExplicitOrder);
    if (counts) {
      pbf_writer counter(track, field::track::kCounter);
      if (unit.empty()) counter.add_enum(field::counter::kUnit, kSizeBytes);
      if (!unit.empty()) counter.add_string(field::counter::kUnitName, unit.data(), unit.size());
    }
    track.commit();
    write();
  }

  void begin_slice(const Slice& slice) {
    pbf_writer packet = start_packet(slice.start);
    introduce(packet, slice);
    pbf_writer event(packet, field::packet::kTrackEvent);
    event.add_enum(field::event::kType, kBegin);
    event.add_uint64(field::event::kTrack, stream_track(slice.rank, slice.track));
    event.add_uint64(field::event::kNameIid, slice.name + 1ull);
    event.add_uint64(field::event::kCategoryIid, slice.category + 1ull);
    annotate(event, slice);
    if (slice.flow != 0 && slice.flow_starts) event.add_fixed64(field::event::kFlow, slice.flow);
    event.commit();
    write();
  }

  // Names are spelled out in the packet that uses them first.
  void introduce(pbf_writer& packet, const Slice& slice) {
    const bool name = fresh(name_known_, slice.name), category = fresh(category_known_, slice.category);
    if (!name && !category) return;
    pbf_writer interned(packet, field::packet::kInterned);
    if (category) intern(interned, field::interned::kCategories, slice.category + 1ull, names_[slice.category]);
    if (name) intern(interned, field::interned::kNames, slice.name + 1ull, names_[slice.name]);
  }

  static bool fresh(std::vector<bool>& known, NameId id) {
    if (known.size() <= id) known.resize(id + 1);
    if (known[id]) return false;
    known[id] = true;
    return true;
  }

  static pbf_writer annotation(pbf_writer& event, Argument name) {
    pbf_writer annotation(event, field::event::kAnnotation);
    annotation.add_uint64(field::annotation::kNameIid, static_cast<std::uint64_t>(name) + 1);
    return annotation;
  }
  static void add(pbf_writer& event, Argument name, std::uint64_t value) {
    annotation(event, name).add_uint64(field::annotation::kUint, value);
  }
  static void add(pbf_writer& event, Argument name, std::string_view value) {
    annotation(event, name).add_string(field::annotation::kString, value.data(), value.size());
  }

  static void annotate(pbf_writer& event, const Slice& slice) {
    add(event, Argument::step, slice.step);
    if (slice.action) {
      add(event, Argument::action, std::string_view(&slice.action->action, 1));
      add(event, Argument::micro_batch, slice.action->micro_batch);
      add(event, Argument::chunk, slice.action->chunk);
    }
    if (!slice.transfer) return;
    add(event, Argument::transfer, to_string(slice.transfer->kind));
    add(event, Argument::bytes, static_cast<std::uint64_t>(slice.transfer->bytes.n));
    add(event, Argument::waited_ns, nanoseconds(slice.met) - nanoseconds(slice.start));
  }

  void count(std::uint64_t track, Time when, std::int64_t value) {
    pbf_writer packet = start_packet(when);
    pbf_writer event(packet, field::packet::kTrackEvent);
    event.add_enum(field::event::kType, kCounterEvent);
    event.add_uint64(field::event::kTrack, track);
    event.add_int64(field::event::kCounterValue, value);
    event.commit();
    write();
  }

  std::unique_ptr<OutputFile> file_;
  const NameTable& names_;
  std::vector<std::string> causes_;
  std::vector<bool> name_known_, category_known_, described_links_;
  std::string packet_, framed_;
};

}  // namespace

std::unique_ptr<EventFormat> perfetto_format(std::unique_ptr<OutputFile> file, const NameTable& names,
                                             const std::vector<std::string>& causes) {
  return std::make_unique<Perfetto>(std::move(file), names, causes);
}

}  // namespace orrery::interop

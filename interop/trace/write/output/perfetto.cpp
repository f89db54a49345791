#include "interop/trace/write/output/perfetto.h"

#include <array>
#include <protozero/pbf_writer.hpp>

#include "interop/trace/format/perfetto_packets.h"

namespace orrery::interop {
namespace {

using pbf_writer = PerfettoPackets::Writer;

enum class Argument : std::uint32_t { step, action, micro_batch, chunk, transfer, bytes, waited_ns, slack_ns };
constexpr std::array<std::string_view, 8> kArgumentNames = {"step",     "action", "micro_batch", "chunk",
                                                            "transfer", "bytes",  "waited_ns",   "slack_ns"};

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
std::uint64_t limit_track(std::uint32_t rank) {
  return rank_track(rank) + 0xFFFF;
}

class Perfetto final : public EventFormat {
 public:
  Perfetto(std::unique_ptr<OutputFile> file, const NameTable& names, std::vector<std::string> causes)
      : packets_(std::move(file)), names_(names), causes_(std::move(causes)) {
    pbf_writer packet = packets_.first();
    pbf_writer interned(packet, field::packet::kInterned);
    for (std::size_t i = 0; i < kArgumentNames.size(); ++i)
      PerfettoPackets::intern(interned, field::interned::kAnnotationNames, i + 1, kArgumentNames[i]);
    interned.commit();
    packets_.write();
  }
  ~Perfetto() override { Perfetto::close(); }

  void rank(std::uint32_t rank, std::string_view name, std::string_view labels,
            const std::vector<std::string>& tracks) override {
    constexpr std::int32_t kFirstPid = 1;  // 0 is the idle process to viewers
    packets_.process(rank_track(rank), static_cast<std::int32_t>(rank) + kFirstPid, name, labels);
    std::int64_t order = 0;
    for (std::size_t i = 0; i < tracks.size(); ++i)
      packets_.track({.uuid = stream_track(rank, i), .parent = rank_track(rank), .name = tracks[i], .order = order++});
    count_bytes(rank, memory_track(rank, causes_.size()), "memory", order++);
    for (std::size_t i = 0; i < causes_.size(); ++i)
      count_bytes(rank, memory_track(rank, i), "memory: " + causes_[i], order++);
  }

  void slice(const Slice& slice) override {
    begin_slice(slice);
    pbf_writer packet = packets_.at(slice.end);
    pbf_writer event(packet, field::packet::kTrackEvent);
    event.add_enum(field::event::kType, kEnd);
    event.add_uint64(field::event::kTrack, stream_track(slice.rank, slice.track));
    // A flow runs from the earlier event to the later: a receive may be posted
    // before its send, but it never ends before the send begins.
    if (slice.flow != 0 && !slice.flow_starts) event.add_fixed64(field::event::kEndsFlow, slice.flow);
    event.commit();
    packets_.write();
  }

  void memory(std::uint32_t rank, Time when, std::span<const std::int64_t> by_cause, std::size_t changed) override {
    std::int64_t sum = 0;
    for (const std::int64_t bytes : by_cause) sum += bytes;
    packets_.count(memory_track(rank, changed), when, by_cause[changed]);
    packets_.count(memory_track(rank, causes_.size()), when, sum);
  }

  void memory_limit(std::uint32_t rank, Time when, Bytes limit) override {
    constexpr std::int64_t kBehindAll = INT32_MAX;
    count_bytes(rank, limit_track(rank), "memory limit", kBehindAll);
    packets_.count(limit_track(rank), when, limit.n);
  }

  void link(std::uint32_t link, std::string_view name, Time when, BytesPerSecond load) override {
    if (described_links_.empty()) packets_.track({.uuid = kNetwork, .name = "network", .orders_children = true});
    if (described_links_.size() <= link) described_links_.resize(link + 1);
    if (!described_links_[link])
      packets_.track({.uuid = kNetwork + 1 + link,
                      .parent = kNetwork,
                      .name = name,
                      .order = link,
                      .counts = true,
                      .unit = "B/s"});
    described_links_[link] = true;
    packets_.count(kNetwork + 1 + link, when, load.n);
  }

  Errors close() override { return packets_.close(); }

 private:
  void count_bytes(std::uint32_t rank, std::uint64_t track, std::string_view name, std::int64_t order) {
    packets_.track(
        {.uuid = track, .parent = rank_track(rank), .name = name, .order = order, .counts = true, .unit = "bytes"});
  }

  void begin_slice(const Slice& slice) {
    pbf_writer packet = packets_.at(slice.start);
    introduce(packet, slice);
    pbf_writer event(packet, field::packet::kTrackEvent);
    event.add_enum(field::event::kType, kBegin);
    event.add_uint64(field::event::kTrack, stream_track(slice.rank, slice.track));
    event.add_uint64(field::event::kNameIid, slice.name + 1ull);
    event.add_uint64(field::event::kCategoryIid, slice.category + 1ull);
    annotate(event, slice);
    if (slice.flow != 0 && slice.flow_starts) event.add_fixed64(field::event::kFlow, slice.flow);
    event.commit();
    packets_.write();
  }

  // Names are spelled out in the packet that uses them first.
  void introduce(pbf_writer& packet, const Slice& slice) {
    const bool name = fresh(name_known_, slice.name), category = fresh(category_known_, slice.category);
    if (!name && !category) return;
    pbf_writer interned(packet, field::packet::kInterned);
    if (category)
      PerfettoPackets::intern(interned, field::interned::kCategories, slice.category + 1ull, names_[slice.category]);
    if (name) PerfettoPackets::intern(interned, field::interned::kNames, slice.name + 1ull, names_[slice.name]);
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
    if (slice.transfer) {
      add(event, Argument::transfer, to_string(slice.transfer->kind));
      add(event, Argument::bytes, static_cast<std::uint64_t>(slice.transfer->bytes.n));
      add(event, Argument::waited_ns, whole_nanoseconds(slice.met) - whole_nanoseconds(slice.start));
    }
    if (slice.slack) add(event, Argument::slack_ns, static_cast<std::uint64_t>(slice.slack->count_ps() / 1'000));
  }

  PerfettoPackets packets_;
  const NameTable& names_;
  std::vector<std::string> causes_;
  std::vector<bool> name_known_, category_known_, described_links_;
};

}  // namespace

std::unique_ptr<EventFormat> perfetto_format(std::unique_ptr<OutputFile> file, const NameTable& names,
                                             const std::vector<std::string>& causes) {
  return std::make_unique<Perfetto>(std::move(file), names, causes);
}

}  // namespace orrery::interop

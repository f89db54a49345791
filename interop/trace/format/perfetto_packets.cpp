#include "interop/trace/format/perfetto_packets.h"

#include <protozero/pbf_writer.hpp>

namespace orrery::interop {
namespace {

constexpr std::uint32_t kSequence = 1;

}  // namespace

std::uint64_t whole_nanoseconds(Time t) {
  return t < Time() ? 0 : static_cast<std::uint64_t>(t.count_ps() / 1'000);
}

PerfettoPackets::Writer PerfettoPackets::first() {
  packet_.clear();
  Writer packet(packet_);
  packet.add_uint32(field::packet::kSequence, kSequence);
  packet.add_uint32(field::packet::kSequenceFlags, kStateCleared);
  return packet;
}

PerfettoPackets::Writer PerfettoPackets::at(Time when) {
  packet_.clear();
  Writer packet(packet_);
  packet.add_uint64(field::packet::kTimestamp, whole_nanoseconds(when));
  packet.add_uint32(field::packet::kSequence, kSequence);
  packet.add_uint32(field::packet::kSequenceFlags, kNeedsState);
  return packet;
}

void PerfettoPackets::write() {
  framed_.clear();
  Writer(framed_).add_message(field::kTracePacket, packet_);
  file_->write(framed_);
}

void PerfettoPackets::intern(Writer& interned, int table, std::uint64_t iid, std::string_view name) {
  Writer entry(interned, static_cast<protozero::pbf_tag_type>(table));
  entry.add_uint64(field::interned::kIid, iid);
  entry.add_string(field::interned::kName, name.data(), name.size());
}

void PerfettoPackets::process(std::uint64_t uuid, std::int32_t pid, std::string_view name, std::string_view labels) {
  packet_.clear();
  Writer packet(packet_);
  packet.add_uint32(field::packet::kSequence, kSequence);
  Writer track(packet, field::packet::kTrackDescriptor);
  track.add_uint64(field::track::kUuid, uuid);
  track.add_enum(field::track::kChildOrdering, kExplicitOrder);
  Writer process(track, field::track::kProcess);
  process.add_int32(field::process::kPid, pid);
  process.add_string(field::process::kName, name.data(), name.size());
  process.add_string(field::process::kLabels, labels.data(), labels.size());
  process.commit();
  track.commit();
  write();
}

void PerfettoPackets::track(const Track& described) {
  packet_.clear();
  Writer packet(packet_);
  packet.add_uint32(field::packet::kSequence, kSequence);
  Writer track(packet, field::packet::kTrackDescriptor);
  track.add_uint64(field::track::kUuid, described.uuid);
  if (described.parent != 0) track.add_uint64(field::track::kParent, described.parent);
  track.add_string(field::track::kName, described.name.data(), described.name.size());
  track.add_int32(field::track::kOrderRank, static_cast<std::int32_t>(described.order));
  track.add_enum(field::track::kSiblingMerge, kNeverMerged);
  if (described.orders_children) track.add_enum(field::track::kChildOrdering, kExplicitOrder);
  if (described.counts) {
    Writer counter(track, field::track::kCounter);
    if (described.unit == "bytes")
      counter.add_enum(field::counter::kUnit, kSizeBytes);
    else if (!described.unit.empty())
      counter.add_string(field::counter::kUnitName, described.unit.data(), described.unit.size());
  }
  track.commit();
  write();
}

void PerfettoPackets::count(std::uint64_t track, Time when, std::int64_t value) {
  Writer packet = at(when);
  Writer event(packet, field::packet::kTrackEvent);
  event.add_enum(field::event::kType, kCounterEvent);
  event.add_uint64(field::event::kTrack, track);
  event.add_int64(field::event::kCounterValue, value);
  event.commit();
  write();
}

void PerfettoPackets::count(std::uint64_t track, Time when, double value) {
  Writer packet = at(when);
  Writer event(packet, field::packet::kTrackEvent);
  event.add_enum(field::event::kType, kCounterEvent);
  event.add_uint64(field::event::kTrack, track);
  event.add_double(field::event::kDoubleCounterValue, value);
  event.commit();
  write();
}

}  // namespace orrery::interop

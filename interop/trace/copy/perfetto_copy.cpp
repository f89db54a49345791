#include <map>
#include <protozero/pbf_writer.hpp>
#include <string>
#include <vector>

#include "interop/trace/copy/copies.h"
#include "interop/trace/format/perfetto_packets.h"

namespace orrery::interop {
namespace {

using Writer = PerfettoPackets::Writer;

// Tracks of the file that is written, apart from each other.
std::uint64_t process_uuid(TraceProcessId id) {
  return (1ull << 40) + id.value;
}
std::uint64_t track_uuid(TraceTrackId id) {
  return (2ull << 40) + id.value;
}
std::uint64_t counter_uuid(TraceCounterId id) {
  return (3ull << 40) + id.value;
}

class PerfettoCopy final : public TraceCopy {
 public:
  explicit PerfettoCopy(std::unique_ptr<OutputFile> file) : packets_(std::move(file)) {
    packets_.first();
    packets_.write();
  }
  ~PerfettoCopy() override { PerfettoCopy::close(); }

  void name(TraceNameId, std::string_view text) override { names_.push_back({std::string(text), false, false}); }
  void process(const TraceProcess& p) override;
  void track(const TraceTrack& t) override;
  void counter(const TraceCounter& c) override;
  void slice(const TraceSlice& s) override;
  void instant(const TraceSlice& s) override;
  void count(TraceCounterId id, Time when, double value) override { packets_.count(counter_uuid(id), when, value); }
  void flow(const TraceFlowPoint& point) override;
  Errors close() override {
    flush();
    return packets_.close();
  }

 private:
  struct Name {
    std::string text;
    bool known_as_name, known_as_category;
  };
  // An arrow is a part of the slice that it is bound to, which files tell of before it.
  struct Pending {
    TraceSlice slice;
    std::string begin, end;  // the two events, as far as they are known
    bool waits = false;
  };

  void begin_event(const TraceSlice& s, int type, std::string& event);
  void introduce(Writer& packet, const TraceSlice& s);
  void write_event(Time when, const TraceSlice* introduces, std::string_view event);
  static void bind(std::string& event, const TraceFlowPoint& point);
  void flush();

  PerfettoPackets packets_;
  std::vector<Name> names_;
  std::map<std::string, std::uint64_t, std::less<>> argument_names_;
  std::vector<std::string> fresh_arguments_;
  Pending pending_;
  std::map<std::uint32_t, std::vector<TraceFlowPoint>> for_next_slice_;  // by track
};

void PerfettoCopy::process(const TraceProcess& p) {
  constexpr std::int32_t kFirstPid = 1;  // 0 is the idle process to viewers
  packets_.process(process_uuid(p.id), static_cast<std::int32_t>(p.id.value) + kFirstPid, p.name, p.labels);
}

void PerfettoCopy::track(const TraceTrack& t) {
  packets_.track({.uuid = track_uuid(t.id),
                  .parent = t.parent.is_none() ? process_uuid(t.process) : track_uuid(t.parent),
                  .name = t.name,
                  .order = t.sort_index});
}

void PerfettoCopy::counter(const TraceCounter& c) {
  const std::string name = std::string(c.name) + (c.series.empty() ? "" : ": ") + std::string(c.series);
  constexpr std::int64_t kBehindStreams = 1 << 20;
  packets_.track({.uuid = counter_uuid(c.id),
                  .parent = process_uuid(c.process),
                  .name = name,
                  .order = kBehindStreams + c.id.value,
                  .counts = true,
                  .unit = c.unit});
}

void PerfettoCopy::begin_event(const TraceSlice& s, int type, std::string& bytes) {
  Writer event(bytes);
  event.add_enum(field::event::kType, type);
  event.add_uint64(field::event::kTrack, track_uuid(s.track));
  event.add_uint64(field::event::kNameIid, s.name.value + 1ull);
  event.add_uint64(field::event::kCategoryIid, s.category.value + 1ull);
  for (const TraceArgument& argument : s.arguments) {
    Writer annotation(event, field::event::kAnnotation);
    const auto [found, fresh] = argument_names_.try_emplace(std::string(argument.key), argument_names_.size() + 1);
    if (fresh) fresh_arguments_.emplace_back(argument.key);
    annotation.add_uint64(field::annotation::kNameIid, found->second);
    struct Add {
      Writer& annotation;
      void operator()(std::int64_t n) const { annotation.add_int64(field::annotation::kInt, n); }
      void operator()(double x) const { annotation.add_double(field::annotation::kDouble, x); }
      void operator()(bool b) const { annotation.add_bool(field::annotation::kBool, b); }
      void operator()(std::string_view t) const {
        annotation.add_string(field::annotation::kString, t.data(), t.size());
      }
      void operator()(TraceJson j) const {
        annotation.add_string(field::annotation::kJson, j.text.data(), j.text.size());
      }
    };
    std::visit(Add{annotation}, argument.value);
  }
}

// Names are spelled out in the packet that uses them first.
void PerfettoCopy::introduce(Writer& packet, const TraceSlice& s) {
  Name &name = names_[s.name.value], &category = names_[s.category.value];
  if (name.known_as_name && category.known_as_category && fresh_arguments_.empty()) return;
  Writer interned(packet, field::packet::kInterned);
  if (!std::exchange(category.known_as_category, true))
    PerfettoPackets::intern(interned, field::interned::kCategories, s.category.value + 1ull, category.text);
  if (!std::exchange(name.known_as_name, true))
    PerfettoPackets::intern(interned, field::interned::kNames, s.name.value + 1ull, name.text);
  for (const std::string& argument : fresh_arguments_)
    PerfettoPackets::intern(interned, field::interned::kAnnotationNames, argument_names_.at(argument), argument);
  fresh_arguments_.clear();
}

void PerfettoCopy::write_event(Time when, const TraceSlice* introduces, std::string_view event) {
  Writer packet = packets_.at(when);
  if (introduces) introduce(packet, *introduces);
  packet.add_message(field::packet::kTrackEvent, event.data(), event.size());
  packets_.write();
}

void PerfettoCopy::slice(const TraceSlice& s) {
  flush();
  begin_event(s, kBegin, pending_.begin);
  Writer end(pending_.end);
  end.add_enum(field::event::kType, kEnd);
  end.add_uint64(field::event::kTrack, track_uuid(s.track));
  pending_.slice = s;
  pending_.slice.arguments = {};
  pending_.waits = true;
  const auto waiting = for_next_slice_.find(s.track.value);
  if (waiting == for_next_slice_.end()) return;
  std::erase_if(waiting->second, [&](const TraceFlowPoint& point) {
    if (point.when > s.start) return false;
    bind(point.kind == TraceFlowPoint::Kind::end ? pending_.end : pending_.begin, point);
    return true;
  });
  if (waiting->second.empty()) for_next_slice_.erase(waiting);
}

void PerfettoCopy::instant(const TraceSlice& s) {
  flush();
  std::string event;
  begin_event(s, kInstant, event);
  write_event(s.start, &s, event);
}

void PerfettoCopy::bind(std::string& bytes, const TraceFlowPoint& point) {
  Writer event(bytes);
  event.add_fixed64(point.kind == TraceFlowPoint::Kind::end ? field::event::kEndsFlow : field::event::kFlow, point.id);
}

// Mostly an arrow follows its slice; one that comes alone becomes an instant on
// the slice's track, from where viewers draw it.
void PerfettoCopy::flow(const TraceFlowPoint& point) {
  const TraceSlice& s = pending_.slice;
  const bool around = pending_.waits && s.track == point.track && s.start <= point.when &&
                      point.when <= s.start + s.duration && (!point.next_slice || s.start == point.when);
  if (around) return bind(point.kind == TraceFlowPoint::Kind::end ? pending_.end : pending_.begin, point);
  if (point.next_slice) {
    for_next_slice_[point.track.value].push_back(point);
    return;
  }
  std::string event;
  Writer instant(event);
  instant.add_enum(field::event::kType, kInstant);
  instant.add_uint64(field::event::kTrack, track_uuid(point.track));
  bind(event, point);
  write_event(point.when, nullptr, event);
}

void PerfettoCopy::flush() {
  if (!std::exchange(pending_.waits, false)) return;
  write_event(pending_.slice.start, &pending_.slice, pending_.begin);
  write_event(pending_.slice.start + pending_.slice.duration, nullptr, pending_.end);
  pending_.begin.clear();
  pending_.end.clear();
}

}  // namespace

std::unique_ptr<TraceCopy> perfetto_copy(std::unique_ptr<OutputFile> file) {
  return std::make_unique<PerfettoCopy>(std::move(file));
}

}  // namespace orrery::interop

// Track events: slices, instants and counters, with what is written on them and the arrows between them.
#include <algorithm>

#include "interop/trace/format/perfetto_fields.h"
#include "interop/trace/read/perfetto/reader.h"

namespace orrery::interop {
namespace {

constexpr std::size_t kMaxOpenFlows = 1 << 20;  // that a hostile file can make a reader keep

}  // namespace

void PerfettoReader::Event::clear() {
  type = 0;
  track.reset();
  name = category = {};
  categories.clear();
  counter_value.reset();
  flows.clear();
  ending_flows.clear();
  phase = 0;
  duration_us = 0;
}

// Several are one name, "a,b"; most events have one, which has a number.
void PerfettoReader::add_category(TraceNameId category) {
  if (event_.categories.empty() && teller_.text(event_.category).empty())
    event_.category = category;
  else
    add_category(teller_.text(category));
}

void PerfettoReader::add_category(std::string_view category) {
  if (event_.categories.empty()) event_.categories = teller_.text(event_.category);
  if (!event_.categories.empty()) event_.categories += ',';
  event_.categories += category;
}

const PerfettoReader::Event& PerfettoReader::parse_event(ProtoMessage message, const PerfettoSequence& sequence) {
  namespace field = field::event;
  Event& event = event_;
  event.clear();
  annotations_.clear();
  for (const char* start = message.position(); message.next(); start = message.position()) {
    switch (message.tag()) {
      case field::kType:
        event.type = message.get_enum();
        break;
      case field::kTrack:
        event.track = message.get_uint64();
        break;
      case field::kNameIid:
        event.name = sequence.names.get(message.get_uint64());
        break;
      case field::kName:
        event.name = teller_.name(message.get_view());
        break;
      case field::kCategoryIid:
        message.each_uint64([&](std::uint64_t iid) { add_category(sequence.categories.get(iid)); });
        break;
      case field::kCategory:
        add_category(message.get_view());
        break;
      case field::kAnnotation:
        message.skip();
        annotations_.add({start, static_cast<std::size_t>(message.position() - start)});
        break;
      case field::kCounterValue:
        event.counter_value = static_cast<double>(message.get_int64());
        break;
      case field::kDoubleCounterValue:
        event.counter_value = message.get_double();
        break;
      case field::kFlow:
        event.flows.push_back(message.get_fixed64());
        break;
      case field::kFlowOld:
        event.flows.push_back(message.get_uint64());
        break;
      case field::kEndsFlow:
        event.ending_flows.push_back(message.get_fixed64());
        break;
      case field::kEndsFlowOld:
        event.ending_flows.push_back(message.get_uint64());
        break;
      case field::kLegacy:
        legacy(message.get_message(), sequence);
        break;
      default:
        message.skip();
    }
  }
  annotations_.read(sequence);
  return event;
}

// What Chrome's own phases became in protobuf.
void PerfettoReader::legacy(ProtoMessage message, const PerfettoSequence& sequence) {
  Event& event = event_;
  while (message.next()) {
    if (message.tag() == field::legacy::kPhase) {
      event.phase = static_cast<char>(message.get_int32());
    } else if (message.tag() == field::legacy::kDurationUs) {
      event.duration_us = message.get_int64();
    } else if (message.tag() == field::legacy::kNameIid) {
      const TraceNameId found = sequence.names.find(message.get_uint64());
      if (!found.is_none()) event.name = found;
    } else {
      message.skip();
    }
  }
}

void PerfettoReader::event(ProtoMessage message, PerfettoSequence& sequence, ClockTime when) {
  const Event& event = parse_event(message, sequence);
  const std::uint64_t uuid = event.track ? *event.track : sequence.default_track.value_or(0);
  if (event.type != kCounterEvent) return slice_event(event, uuid, when);
  const auto counter = tracks_.counter(uuid);
  if (!counter) return skip("there are too many counters");
  if (event.counter_value) teller_.count(*counter, when, tracks_.value(uuid, *event.counter_value), at_);
}

void PerfettoReader::slice_event(const Event& event, std::uint64_t uuid, ClockTime when) {
  const auto track = tracks_.row(uuid);
  if (!track) return skip("there are too many tracks");
  const TraceNameId category = event.categories.empty() ? event.category : teller_.name(event.categories);
  const auto arguments = annotations_.arguments();
  if (event.type == kBegin || event.phase == 'B') {
    open_.begin(track->value, *track, when, event.name, category, arguments, at_);
    flows(event, *track, when, true);
  } else if (event.type == kEnd || event.phase == 'E') {
    // The arrow is bound to the slice, so it is told of the last moment that is inside: what
    // it comes from may have begun late.
    const ClockTime begin = open_.began(track->value).value_or(when);
    open_.end(track->value, when, arguments, at_);
    flows(event, *track, std::max(begin, when - 1), false);
  } else if (event.phase == 'X') {
    teller_.slice(*track, when, when + ClockTime{event.duration_us} * 1'000'000, event.name, category, arguments, at_);
    flows(event, *track, when, true);
  } else if (event.type == kInstant || event.phase != 0) {
    teller_.instant(*track, when, event.name, category, arguments, at_);
    flows(event, *track, when, false);
  }
}

void PerfettoReader::flows(const Event& event, TraceTrackId track, ClockTime when, bool next_slice) {
  for (const std::uint64_t id : event.flows) {
    const bool starts = started_flows_.size() < kMaxOpenFlows && started_flows_.insert(id).second;
    teller_.flow(id, starts ? TraceFlowPoint::Kind::start : TraceFlowPoint::Kind::step, track, when, next_slice, at_);
  }
  for (const std::uint64_t id : event.ending_flows) {
    started_flows_.erase(id);
    teller_.flow(id, TraceFlowPoint::Kind::end, track, when, next_slice, at_);
  }
}

}  // namespace orrery::interop

#include "interop/trace/write/timeline.h"

#include <algorithm>

#include "interop/trace/write/link_selection.h"
#include "sim/base/digest.h"

namespace orrery::interop {
namespace {

bool moves_data(sim::OpKind kind) {
  return kind == sim::OpKind::collective || kind == sim::OpKind::send || kind == sim::OpKind::receive ||
         kind == sim::OpKind::copy;
}

// Both sides find the same number without ever meeting.
std::uint64_t flow_id(std::uint32_t from, std::uint32_t to, std::uint16_t tag, std::uint64_t count) {
  const std::uint64_t id = Digest().add(from).add(to).add(tag).add(count).value();
  return id == 0 ? 1 : id;
}

}  // namespace

Timeline::Timeline(const TraceContext& context, std::vector<std::uint32_t> shown)
    : context_(context), shown_ranks_(std::move(shown)) {
  told_.resize(run().ranks());
  for (const std::uint32_t rank : shown_ranks_) {
    std::unique_ptr<Told>& told = told_[told_as(rank).value];
    if (!told) told.reset(new Told{{}, MemoryCounter(held_throughout({rank})), nullptr, Time()});
    told->shown.push_back({rank, {}});
  }
  prepare_programs();
  choose_links();
}

void Timeline::prepare_programs() {
  for (const sim::Program& program : context_.workload->programs) {
    std::vector<NameId> ids;
    for (const std::string& label : program.labels) ids.push_back(names_.intern(label));
    label_names_.add(std::move(ids));
    tracks_.add(Tracks(program));
  }
  for (const sim::CategoryInfo& category : context_.workload->categories)
    category_names_.push_back(names_.intern(category.name));
  schedule_category_ = names_.intern("schedule");
}

// Whoever asks for some ranks wants to see the links that these load, not ten thousand others.
void Timeline::choose_links() {
  if (!context_.filter.links) return;
  std::vector<RankId> ranks;
  for (std::uint32_t rank = 0; rank < told_.size(); ++rank)
    if (told_[rank]) ranks.push_back({rank});
  link_shown_ =
      context_.filter.ranks.empty() ? std::vector<bool>(run().links.size(), true) : links_used_by(run(), ranks);
}

void Timeline::write_to(std::unique_ptr<EventFormat> format) {
  format_ = std::move(format);
  for (const std::unique_ptr<Told>& told : told_)
    if (told) declare(*told);
}

// Weights, states of the optimizer and what else is there before a step begins.
std::vector<std::int64_t> Timeline::held_throughout(RankId rank) const {
  const sim::Program& program = context_.workload->programs[context_.workload->program_of[rank]];
  std::vector<std::int64_t> held(context_.workload->causes.size(), 0);
  for (const std::uint32_t resident : program.resident) {
    const sim::Buffer& buffer = program.buffers[resident];
    held[buffer.cause] += buffer.bytes.n;
  }
  return held;
}

void Timeline::declare(const Told& told) {
  const ProgramId program = program_id_of(told);
  for (const Shown& shown : told.shown) {
    const auto facts = context_.facts_of ? context_.facts_of(shown.rank) : std::nullopt;
    std::string labels = context_.workload->programs[program].name;
    if (facts) labels += (labels.empty() ? "" : ", ") + labels_of(facts->place);
    format_->rank(shown.rank, "rank " + std::to_string(shown.rank), labels, tracks_[program].names());
    if (facts) format_->memory_limit(shown.rank, context_.filter.from, facts->memory);
  }
}

RankId Timeline::told_as(std::uint32_t rank) const {
  return context_.folded ? context_.folded->class_of[RankId{rank}] : RankId{rank};
}

ProgramId Timeline::program_id_of(const Told& told) const {
  return context_.workload->program_of[RankId{told.shown.front().rank}];
}

bool Timeline::wants(RankId rank) const {
  return rank.value < told_.size() && told_[rank.value] != nullptr;
}

void Timeline::span(const sim::Span& span) {
  if (!wants(span.rank)) return;
  Told& told = *told_[span.rank.value];
  const sim::Program& program = program_of(told);
  if (span.stream >= program.streams.size()) return;
  const sim::Stream& stream = program.streams[span.stream];
  if (span.op >= stream.ops.size()) return;  // appended while running: it has no name here

  const sim::Op& op = stream.ops[span.op];
  switch (op.kind) {
    case sim::OpKind::marker:
      on_marker(told, span, program.markers[static_cast<std::size_t>(op.payload)]);
      break;
    case sim::OpKind::allocate:
    case sim::OpKind::free:
      on_memory(told, span, op);
      break;
    case sim::OpKind::wait:
      break;
    default:
      on_work(told, span, op);
  }
  if (span.stream == sim::kMainStream) flush_memory(told, span.end);
}

void Timeline::span(const sim::Span& span, Duration slack) {
  slack_ = slack;
  this->span(span);
  slack_.reset();
}

// A schedule action is what lies between its two markers.
void Timeline::on_marker(Told& told, const sim::Span& span, const sim::Marker& marker) {
  if (marker.kind == sim::Marker::Kind::action_begin) {
    told.action = &marker;
    told.action_start = span.start;
    return;
  }
  if (marker.kind != sim::Marker::Kind::action_end || !told.action) return;
  Slice slice;
  slice.track = Tracks::kSchedule;
  slice.start = slice.met = told.action_start;
  slice.end = span.end;
  slice.name = action_name(marker);
  slice.category = schedule_category_;
  slice.step = span.step;
  slice.action = told.action;
  told.action = nullptr;
  if (!visible(slice.start, slice.end)) return;
  for (const Shown& shown : told.shown) {
    slice.rank = shown.rank;
    format_->slice(slice);
  }
}

void Timeline::on_memory(Told& told, const sim::Span& span, const sim::Op& op) {
  const sim::Buffer& buffer = program_of(told).buffers[static_cast<std::size_t>(op.payload)];
  const std::int64_t sign = op.kind == sim::OpKind::allocate ? 1 : -1;
  told.memory.change(span.end, buffer.cause, sign * buffer.bytes.n);
}

void Timeline::flush_memory(Told& told, Time now) {
  told.memory.advance(now, context_.filter.from, context_.filter.to,
                      [&](Time when, std::span<const std::int64_t> by_cause, std::size_t changed) {
                        for (const Shown& shown : told.shown) format_->memory(shown.rank, when, by_cause, changed);
                      });
}

void Timeline::on_work(Told& told, const sim::Span& span, const sim::Op& op) {
  const ProgramId id = program_id_of(told);
  const sim::Program& program = context_.workload->programs[id];
  const bool point_to_point = op.kind == sim::OpKind::send || op.kind == sim::OpKind::receive;
  const bool shown_here = visible(span.start, span.end) && (span.end > span.start || point_to_point);
  if (!shown_here && !point_to_point) return;

  Slice slice;
  slice.track = tracks_[id].of(program.streams[span.stream], span.stream, span.op);
  slice.start = span.start, slice.met = span.met, slice.end = span.end;
  slice.step = span.step;
  slice.slack = slack_;
  if (moves_data(op.kind)) slice.transfer = &program.transfers[static_cast<std::size_t>(op.payload)];
  if (span.stream == sim::kMainStream) slice.action = told.action;
  if (shown_here) {
    slice.name = name_of(id, span, op);
    slice.category = op.category < category_names_.size() ? category_names_[op.category] : names_.intern("other");
  }
  for (Shown& shown : told.shown) {
    slice.rank = shown.rank;
    if (point_to_point) add_flow(shown, slice, op.kind == sim::OpKind::send);
    if (shown_here) format_->slice(slice);
  }
}

// Every send and receive is counted, written or not: they match in order. An
// arrow is drawn only where both of its ends are. Both sides can tell from when
// they met, which is the one time that they share: each ends with its group.
void Timeline::add_flow(Shown& shown, Slice& slice, bool sends) {
  slice.flow = 0;
  if (slice.transfer->role >= context_.workload->peer_roles.size()) return;
  const auto& peer_of = context_.workload->peer_roles[slice.transfer->role].peer_of;
  const RankId peer = shown.rank < peer_of.size() ? peer_of[RankId{shown.rank}] : RankId::none();
  if (peer.is_none()) return;

  const std::uint16_t tag = slice.transfer->tag;
  auto channel = std::find_if(shown.channels.begin(), shown.channels.end(), [&](const Channel& c) {
    return c.peer == peer.value && c.tag == tag && c.sends == sends;
  });
  if (channel == shown.channels.end()) channel = shown.channels.insert(channel, {peer.value, tag, sends, 0});
  const std::uint64_t count = channel->count++;

  if (!std::binary_search(shown_ranks_.begin(), shown_ranks_.end(), peer.value)) return;
  if (slice.met >= context_.filter.to || slice.met < context_.filter.from) return;
  slice.flow = sends ? flow_id(shown.rank, peer.value, tag, count) : flow_id(peer.value, shown.rank, tag, count);
  slice.flow_starts = sends;
}

NameId Timeline::name_of(ProgramId id, const sim::Span& span, const sim::Op& op) {
  const sim::Program& program = context_.workload->programs[id];
  const sim::Stream& stream = program.streams[span.stream];
  if (span.op < stream.notes.size()) {
    const std::uint32_t label = stream.notes[span.op].label;
    if (label < program.labels.size() && !program.labels[label].empty()) return label_names_[id][label];
  }
  if (op.kind == sim::OpKind::send) return names_.intern("send");
  if (op.kind == sim::OpKind::receive) return names_.intern("receive");
  if (!moves_data(op.kind)) return names_.intern("kernel");
  return names_.intern(to_string(program.transfers[static_cast<std::size_t>(op.payload)].kind));
}

// "F3.0": forward of micro-batch 3 through this rank's chunk 0.
NameId Timeline::action_name(const sim::Marker& marker) {
  return names_.intern(marker.action + std::to_string(marker.micro_batch) + "." + std::to_string(marker.chunk));
}

void Timeline::link(const sim::LinkSample& sample) {
  const std::uint32_t link = sample.link.value;
  if (link >= link_shown_.size() || !link_shown_[link]) return;
  if (sample.when < context_.filter.from || sample.when >= context_.filter.to) return;
  if (link_names_.empty()) link_names_.resize(link_shown_.size());
  if (link_names_[link].empty()) link_names_[link] = link_name(sample.link);
  format_->link(link, link_names_[link], sample.when, sample.load);
}

std::string Timeline::link_name(LinkId link) const {
  std::string name = run().link_kinds[run().links[link].kind] + " link " + std::to_string(link.value);
  if (context_.folded && link.value < context_.folded->link_multiplicity.size())
    name += " (one of " + std::to_string(context_.folded->link_multiplicity[link.value]) + ")";
  return name;
}

Errors Timeline::close() {
  for (const std::unique_ptr<Told>& told : told_)
    if (told) flush_memory(*told, Time::never());
  return format_->close();
}

}  // namespace orrery::interop

#include "sim/program.h"

#include <algorithm>

#include "sim/base/digest.h"
#include "sim/hash_text.h"

namespace orrery::sim {

std::string_view to_string(TransferKind kind) {
  static constexpr std::string_view names[] = {"all-reduce", "all-gather",     "reduce-scatter", "all-to-all",
                                               "broadcast",  "reduce",         "gather",         "scatter",
                                               "ring-shift", "point-to-point", "copy",           "copy-in"};
  return names[static_cast<std::size_t>(kind)];
}

std::size_t Program::op_count() const {
  std::size_t n = 0;
  for (const Stream& stream : streams) n += stream.ops.size();
  for (const Call& call : calls) n += blocks[call.block].ops.size() - 1;
  return n;
}

namespace {

std::uint8_t class_bits(KernelClass kernel_class) {
  return static_cast<std::uint8_t>(static_cast<unsigned>(kernel_class) << Op::kClassShift);
}

Op make_op(OpKind kind, Category category, std::int64_t payload) {
  Op op;
  op.kind = kind;
  op.category = category;
  op.payload = payload;
  return op;
}

void set_dependency(Op& op, const OpRef& on) {
  op.after_stream = on.stream;
  op.after = on.op;
  if (on.previous_step) op.flags |= Op::kPreviousStep;
}

// A stream runs in order, so of two waits on one stream the later op says both.
bool later(const OpRef& a, const OpRef& b) {
  if (a.previous_step != b.previous_step) return b.previous_step;
  return a.op > b.op;
}

}  // namespace

ProgramBuilder::ProgramBuilder(std::string name) {
  constexpr std::size_t kUsualStreams = 16;
  program_.name = std::move(name);
  program_.streams.edit().reserve(kUsualStreams);
  pending_.reserve(kUsualStreams);
}

StreamIndex ProgramBuilder::add_stream(std::string name) {
  program_.streams.edit().push_back({std::move(name), {}, {}});
  pending_.emplace_back();
  return static_cast<StreamIndex>(program_.streams.size() - 1);
}

void ProgramBuilder::reserve(StreamIndex stream, std::size_t ops) {
  program_.streams.edit()[stream].ops.reserve(ops);
  program_.streams.edit()[stream].notes.reserve(ops);
}

std::uint32_t ProgramBuilder::label(std::string_view text) {
  std::vector<std::string>& labels = program_.labels.edit();
  // Callers ask for the same words at each action, mostly as literals: their places come up again.
  std::uint32_t& recent = recent_labels_[reinterpret_cast<std::uintptr_t>(text.data()) / 8 % recent_labels_.size()];
  if (recent < labels.size() && labels[recent] == text) return recent;
  const auto next = static_cast<std::uint32_t>(labels.size());
  const std::uint32_t found =
      labels_.find_or_add(hash_text(text), next, [&](std::uint32_t i) { return labels[i] == text; });
  if (found == next) labels.emplace_back(text);
  return recent = found;
}

std::uint32_t ProgramBuilder::no_label() {
  if (no_label_ == UINT32_MAX) no_label_ = label("");
  return no_label_;
}

void ProgramBuilder::wait(StreamIndex stream, OpRef on) {
  if (on.is_none() || on.stream == stream) return;
  for (OpRef& known : pending_[stream]) {
    if (known.stream != on.stream) continue;
    if (later(on, known)) known = on;
    return;
  }
  pending_[stream].push_back(on);
}

OpRef ProgramBuilder::append(StreamIndex stream, Op op, Note note) {
  if (!pending_[stream].empty()) append_waits(stream, op, note);
  Stream& to = program_.streams.edit()[stream];
  to.ops.push_back(op);
  to.notes.push_back(note);
  return {stream, static_cast<OpIndex>(to.ops.size() - 1), false};
}

// The last wait goes into the op itself, the others into ops of their own before it.
void ProgramBuilder::append_waits(StreamIndex stream, Op& op, const Note& note) {
  Stream& to = program_.streams.edit()[stream];
  std::vector<OpRef>& waits = pending_[stream];
  for (std::size_t i = 0; i + 1 < waits.size(); ++i) {
    Op wait = make_op(OpKind::wait, op.category, 0);
    set_dependency(wait, waits[i]);
    to.ops.push_back(wait);
    to.notes.push_back({note.label, UINT32_MAX});
  }
  set_dependency(op, waits.back());
  waits.clear();
}

std::uint32_t ProgramBuilder::transfer_index(const Transfer& transfer) {
  std::vector<Transfer>& transfers = program_.transfers;
  // Few differ, and the same come again with each action.
  std::uint32_t& recent = recent_transfers_[(static_cast<unsigned>(transfer.kind) + transfer.role + 4U * transfer.tag) %
                                            recent_transfers_.size()];
  if (recent < transfers.size() && transfers[recent] == transfer) return recent;
  const auto next = static_cast<std::uint32_t>(transfers.size());
  Digest hash;
  hash.add(static_cast<std::uint64_t>(transfer.kind) << 32 | transfer.role << 16 | transfer.tag);
  hash.add(static_cast<std::uint64_t>(transfer.bytes.n));
  const std::uint32_t found =
      transfers_.find_or_add(hash.value(), next, [&](std::uint32_t i) { return transfers[i] == transfer; });
  if (found == next) transfers.push_back(transfer);
  return recent = found;
}

OpRef ProgramBuilder::kernel(StreamIndex stream, Duration cost, Category category, KernelClass kernel_class,
                             std::uint32_t label, std::uint32_t kernel) {
  Op op = make_op(OpKind::kernel, category, cost.count_ps());
  op.flags = class_bits(kernel_class);
  return append(stream, op, {label, kernel});
}

OpRef ProgramBuilder::collective(StreamIndex stream, const Transfer& transfer, Category category, std::uint32_t label) {
  return append(stream, make_op(OpKind::collective, category, transfer_index(transfer)), {label, UINT32_MAX});
}

OpRef ProgramBuilder::send(StreamIndex stream, const Transfer& transfer, Category category, std::uint32_t label,
                           bool grouped_with_next) {
  Op op = make_op(OpKind::send, category, transfer_index(transfer));
  if (grouped_with_next) op.flags |= Op::kGroupedWithNext;
  return append(stream, op, {label, UINT32_MAX});
}

OpRef ProgramBuilder::receive(StreamIndex stream, const Transfer& transfer, Category category, std::uint32_t label,
                              bool grouped_with_next) {
  Op op = make_op(OpKind::receive, category, transfer_index(transfer));
  if (grouped_with_next) op.flags |= Op::kGroupedWithNext;
  return append(stream, op, {label, UINT32_MAX});
}

OpRef ProgramBuilder::copy(StreamIndex stream, const Transfer& transfer, Category category, std::uint32_t label) {
  return append(stream, make_op(OpKind::copy, category, transfer_index(transfer)), {label, UINT32_MAX});
}

std::uint32_t ProgramBuilder::buffer(Bytes bytes, std::uint8_t cause, std::uint32_t label, std::uint16_t parts) {
  program_.buffers.edit().push_back({bytes, cause, parts, label});
  return static_cast<std::uint32_t>(program_.buffers.size() - 1);
}

void ProgramBuilder::resident(std::uint32_t buffer) {
  program_.resident.push_back(buffer);
}

OpRef ProgramBuilder::allocate(StreamIndex stream, std::uint32_t buffer) {
  return append(stream, make_op(OpKind::allocate, 0, buffer), {program_.buffers[buffer].label, UINT32_MAX});
}

OpRef ProgramBuilder::free(StreamIndex stream, std::uint32_t buffer) {
  return append(stream, make_op(OpKind::free, 0, buffer), {program_.buffers[buffer].label, UINT32_MAX});
}

OpRef ProgramBuilder::marker(StreamIndex stream, const Marker& marker) {
  std::vector<Marker>& markers = program_.markers.edit();
  markers.push_back(marker);
  const auto place = static_cast<std::int64_t>(markers.size() - 1);
  return append(stream, make_op(OpKind::marker, 0, place), {no_label(), UINT32_MAX});
}

OpRef ProgramBuilder::call(const Call& call, std::uint32_t label) {
  program_.calls.push_back(call);
  return append(kMainStream, make_op(OpKind::call, 0, static_cast<std::int64_t>(program_.calls.size() - 1)),
                {label, UINT32_MAX});
}

OpRef ProgramBuilder::last(StreamIndex stream) const {
  const std::size_t n = program_.streams[stream].ops.size();
  if (n == 0) return OpRef::none();
  return {stream, static_cast<OpIndex>(n - 1), false};
}

// Waits that no op followed hold the end of the step.
Program ProgramBuilder::finish() && {
  for (std::size_t s = 0; s < pending_.size(); ++s) {
    if (pending_[s].empty()) continue;
    append(static_cast<StreamIndex>(s), make_op(OpKind::wait, 0, 0), {no_label(), UINT32_MAX});
  }
  return std::move(program_);
}

}  // namespace orrery::sim

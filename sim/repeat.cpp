// What a program has more than once: the parts of ProgramBuilder that write it.
#include <algorithm>
#include <span>

#include "sim/program.h"

namespace orrery::sim {
namespace {

template <class T>
void make_room(std::vector<T>& list, std::size_t size) {
  if (list.capacity() < size) list.reserve(size + list.size());
}

template <class T>
void append_again(std::vector<T>& list, std::size_t from, std::size_t count) {
  make_room(list, list.size() + count);
  const T* first = list.data() + from;
  list.insert(list.end(), first, first + count);
}

// Buffer `id` as a block names it.
std::optional<std::int64_t> in_block(std::int64_t id, std::uint32_t made, std::uint32_t kept) {
  if (id >= made) return id - made;
  if (id >= kept) return kept - 1 - id;
  return std::nullopt;
}

ProgramBuilder::Mark apart(const ProgramBuilder::Mark& from, const ProgramBuilder::Mark& to) {
  ProgramBuilder::Mark by{to.ops, to.markers - from.markers, to.calls - from.calls, to.buffers - from.buffers};
  for (std::size_t s = 0; s < from.ops.size(); ++s) by.ops[s] -= from.ops[s];
  return by;
}

// A stride on.
void move_on(Op& op, const ProgramBuilder::Mark& by) {
  if (op.kind == OpKind::marker) op.payload += by.markers;
  if (op.kind == OpKind::call) op.payload += by.calls;
  if (is_memory(op.kind)) op.payload += by.buffers;
  if (op.waits()) op.after += by.ops[op.after_stream];
}

// Makes a list `size` long: each item is the one `by` before it, moved on.
template <class T, class MoveOn>
void extend(std::vector<T>& list, std::size_t size, std::size_t by, const MoveOn& move_on) {
  make_room(list, size);
  while (list.size() < size) {
    const std::size_t count = std::min(by, size - list.size());
    append_again(list, list.size() - by, count);
    for (T& item : std::span(list).last(count)) move_on(item);
  }
}

template <class T>
void extend(std::vector<T>& list, std::size_t size, std::size_t by) {
  extend(list, size, by, [](const T&) {});
}

// Whether neither what an op waits for nor what it names stands before `mark`.
bool is_behind(const Op& op, const ProgramBuilder::Mark& mark) {
  if (op.waits() && (op.on_previous_step() || op.after < mark.ops[op.after_stream])) return false;
  return !is_memory(op.kind) || op.payload >= mark.buffers;
}

}  // namespace

ProgramBuilder::Mark& ProgramBuilder::Mark::operator+=(const Mark& by) {
  for (std::size_t s = 0; s < ops.size(); ++s) ops[s] += by.ops[s];
  markers += by.markers, calls += by.calls, buffers += by.buffers;
  return *this;
}

ProgramBuilder::Mark ProgramBuilder::mark() const {
  Mark mark{{},
            static_cast<std::uint32_t>(program_.markers.size()),
            static_cast<std::uint32_t>(program_.calls.size()),
            static_cast<std::uint32_t>(program_.buffers.size())};
  mark.ops.reserve(program_.streams.size());
  for (const Stream& stream : program_.streams) mark.ops.push_back(static_cast<OpIndex>(stream.ops.size()));
  return mark;
}

ProgramBuilder::Mark ProgramBuilder::repeat(const Mark& from, const Mark& to) {
  Mark begin = mark();
  std::vector<Stream>& streams = program_.streams.edit();
  for (std::size_t s = 0; s < from.ops.size(); ++s) {
    const OpIndex count = to.ops[s] - from.ops[s];
    if (count == 0) continue;
    append_again(streams[s].notes, from.ops[s], count);
    append_again(streams[s].ops, from.ops[s], count);
    for (Op& op : std::span(streams[s].ops).last(count))
      if (op.waits() && !op.on_previous_step()) op.after += begin.ops[op.after_stream] - from.ops[op.after_stream];
  }
  return begin;
}

std::optional<ProgramBuilder::Stride> ProgramBuilder::stride(const Mark& first, const Mark& second) const {
  Stride stride{apart(first, second)};
  const Mark& by = stride.by;
  if (apart(second, mark()) != by) return std::nullopt;
  if (std::any_of(pending_.begin(), pending_.end(), [](const auto& waits) { return !waits.empty(); }))
    return std::nullopt;
  for (std::size_t s = 0; s < first.ops.size(); ++s) {
    const Stream& stream = program_.streams[s];
    for (std::size_t i = first.ops[s], next = second.ops[s]; next < stream.ops.size(); ++i, ++next) {
      Op op = stream.ops[i];
      move_on(op, by);
      if (stream.ops[next] != op || stream.notes[next] != stream.notes[i] || !is_behind(op, first)) return std::nullopt;
    }
  }
  for (std::uint32_t i = first.markers; i < second.markers; ++i) {
    Marker marker = program_.markers[i];
    const Marker& next = program_.markers[i + by.markers];
    if (i == first.markers) stride.micro_batches = next.micro_batch - marker.micro_batch;
    marker.micro_batch += stride.micro_batches;
    if (next != marker) return std::nullopt;
  }
  return stride;
}

void ProgramBuilder::go_on(const Stride& stride, const Mark& until) {
  const Mark& by = stride.by;
  std::vector<Stream>& streams = program_.streams.edit();
  for (std::size_t s = 0; s < streams.size(); ++s) {
    extend(streams[s].ops, until.ops[s], by.ops[s], [&](Op& op) { move_on(op, by); });
    extend(streams[s].notes, until.ops[s], by.ops[s]);
  }
  extend(program_.markers.edit(), until.markers, by.markers,
         [&](Marker& marker) { marker.micro_batch += stride.micro_batches; });
  extend(program_.buffers.edit(), until.buffers, by.buffers);
}

std::optional<std::uint32_t> ProgramBuilder::block(const Mark& from, std::uint32_t made, std::uint32_t kept) {
  const Mark to = mark();
  const OpIndex begin = from.ops[kMainStream];
  if (!pending_[kMainStream].empty() || to.ops[kMainStream] == begin) return std::nullopt;
  if (!std::equal(from.ops.begin() + 1, from.ops.end(), to.ops.begin() + 1)) return std::nullopt;
  const Stream& main = program_.streams[kMainStream];
  Block block{{main.ops.begin() + begin, main.ops.end()}, {main.notes.begin() + begin, main.notes.end()}};
  for (Op& op : block.ops) {
    const bool may_be_in = is_memory(op.kind) || op.kind == OpKind::kernel || op.kind == OpKind::collective;
    if (op.waits() || !may_be_in) return std::nullopt;
    if (!is_memory(op.kind)) continue;
    const std::optional<std::int64_t> buffer = in_block(op.payload, made, kept);
    if (!buffer) return std::nullopt;
    op.payload = *buffer;
  }
  Stream& shorter = program_.streams.edit()[kMainStream];
  shorter.ops.resize(begin);
  shorter.notes.resize(begin);
  return add_block(std::move(block));
}

std::uint32_t ProgramBuilder::add_block(Block block) {
  program_.blocks.edit().push_back(std::move(block));
  return static_cast<std::uint32_t>(program_.blocks.size() - 1);
}

std::uint32_t ProgramBuilder::buffers_again(std::uint32_t first, std::uint32_t count) {
  const auto begin = static_cast<std::uint32_t>(program_.buffers.size());
  append_again(program_.buffers.edit(), first, count);
  return begin;
}

}  // namespace orrery::sim

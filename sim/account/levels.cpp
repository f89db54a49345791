#include "sim/account/levels.h"

#include <algorithm>
#include <span>
#include <utility>

namespace orrery::sim {

namespace {

void add(RankMemory& memory, std::uint8_t cause, std::int64_t bytes) {
  memory.by_cause[cause] += Bytes{bytes};
  memory.peak += Bytes{bytes};
}

}  // namespace

MemoryPlaces::MemoryPlaces(const Program& program) {
  int streams = 0;
  for (std::size_t s = 0; s < program.streams.size(); ++s) {
    const std::vector<Op>& all = program.streams[s].ops;
    const auto matters = [](const Op& op) { return is_memory(op.kind) || op.kind == OpKind::call; };
    if (std::ranges::none_of(all, matters)) continue;
    stream = ++streams == 1 ? static_cast<StreamIndex>(s) : kNoStream;
    for (OpIndex i = 0; i < all.size() && stream != kNoStream; ++i)
      if (matters(all[i])) ops.push_back(i);
  }
  for (const Block& block : program.blocks) {
    std::vector<OpIndex>& in_block = in_blocks.emplace_back();
    for (OpIndex i = 0; i < block.ops.size(); ++i)
      if (is_memory(block.ops[i].kind)) in_block.push_back(i);
  }
}

Levels::Levels(const Program& program, std::shared_ptr<const MemoryPlaces> places)
    : program_(&program), places_(std::move(places)), blocks_(program.blocks.size()) {
  list_changes();
  list_records();
}

// Calls of a block have buffers of the same sizes and causes.
Levels::OfBlock Levels::of_block(const Call& call) const {
  OfBlock all;
  all.is_known = true;
  const std::span<const Op> ops = program_->blocks[call.block].ops;
  for (const OpIndex i : places_->in_blocks[call.block]) {
    const Buffer& buffer = program_->buffers[call.buffer(ops[i].payload)];
    const std::int64_t bytes = change_by(ops[i], buffer);
    all.net += bytes;
    if (all.net > all.highest()) all.rises.push_back({all.net, i});
    auto of =
        std::find_if(all.changes.begin(), all.changes.end(), [&](const Change& c) { return c.cause == buffer.cause; });
    if (of == all.changes.end()) of = all.changes.insert(of, {.cause = buffer.cause});
    of->bytes += bytes;
  }
  return all;
}

void Levels::list_changes() {
  changes_.reserve(places_->ops.size());
  for (const OpIndex i : places_->ops) {
    const Op& op = ops()[i];
    if (op.kind != OpKind::call) {
      const Buffer& buffer = program_->buffers[static_cast<std::size_t>(op.payload)];
      changes_.push_back({.bytes = change_by(op, buffer), .op = i, .cause = buffer.cause});
      continue;
    }
    const Call& call = program_->call_of(op);
    OfBlock& block = blocks_[call.block];
    if (!block.is_known) block = of_block(call);
    changes_.push_back({.bytes = block.net, .op = i, .is_call = true, .block = call.block});
  }
}

// Levels above what is resident. A step that begins `net` above the one before sets records where its own level
// passes the first step's highest less `net`; with net <= 0 there are none.
void Levels::list_records() {
  const auto list = [&](std::int64_t beaten, std::vector<OpPlace>& records) {
    std::int64_t level = 0;
    const auto rise_to = [&](std::int64_t height, OpPlace place) {
      if (height > beaten) records.push_back(place), beaten = height;
    };
    for (const Change& change : changes_) {
      if (!change.is_call) rise_to(level + change.bytes, {change.op, 0});
      if (change.is_call && level + blocks_[change.block].highest() > beaten)
        for (const Rise& rise : blocks_[change.block].rises) rise_to(level + rise.bytes, {change.op, rise.inside});
      level += change.bytes;
    }
    return std::pair(level, beaten);
  };
  const auto [net, highest] = list(0, first_step_);
  if (net > 0) list(highest - net, later_steps_);
}

void Levels::add_up_to(OpPlace last, std::uint32_t step, RankMemory& memory) const {
  for (const Change& change : changes_) {
    const bool is_over = change.op < last.op || (change.op == last.op && !change.is_call);
    const std::int64_t times = step + (is_over ? 1 : 0);
    if (times == 0) break;
    if (!change.is_call) add(memory, change.cause, change.bytes * times);
    if (!change.is_call) continue;
    for (const Change& of : blocks_[change.block].changes) add(memory, of.cause, of.bytes * times);
  }
  const Op& at = ops()[last.op];
  if (at.kind != OpKind::call) return;
  const Call& call = program_->call_of(at);
  for (const Op& op : std::span(program_->blocks[call.block].ops).first(last.inside + 1u)) {
    if (!is_memory(op.kind)) continue;
    const Buffer& buffer = program_->buffers[call.buffer(op.payload)];
    add(memory, buffer.cause, change_by(op, buffer));
  }
}

}  // namespace orrery::sim

#include "sim/account/levels.h"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

namespace orrery::sim {

namespace {

void add(RankMemory& memory, std::uint8_t cause, std::int64_t bytes) {
  memory.by_cause[cause] += Bytes{bytes};
  memory.peak += Bytes{bytes};
}

}  // namespace

Levels::Levels(const Program& program, StreamIndex stream) : program_(&program), stream_(stream) {
  list_records(list_changes());
}

// Calls of a block have buffers of the same sizes and causes.
Levels::OfBlock Levels::of_block(const Block& block, const Call& call) const {
  OfBlock all;
  std::int64_t level = 0, highest = 0;
  for (OpIndex i = 0; i < block.ops.size(); ++i) {
    const Op& op = block.ops[i];
    if (!is_memory(op.kind)) continue;
    const Buffer& buffer = program_->buffers[call.buffer(op.payload)];
    const std::int64_t bytes = change_by(op, buffer);
    level += bytes;
    if (level > highest) all.moments.push_back({highest = level, 0, {0, i}});
    auto of =
        std::find_if(all.changes.begin(), all.changes.end(), [&](const Change& c) { return c.cause == buffer.cause; });
    if (of == all.changes.end()) of = all.changes.insert(of, {0, 0, buffer.cause});
    of->bytes += bytes;
  }
  all.moments.push_back({level, level, {0, block.ops.empty() ? 0 : static_cast<OpIndex>(block.ops.size() - 1)}});
  return all;
}

std::vector<Levels::Moment> Levels::list_changes() {
  std::vector<std::optional<OfBlock>> blocks(program_->blocks.size());
  std::vector<Moment> moments;
  changes_.reserve(2 * program_->buffers.size());
  moments.reserve(2 * program_->buffers.size());
  const std::span<const Op> ops = program_->streams[stream_].ops;
  for (OpIndex i = 0; i < ops.size(); ++i) {
    const Op& op = ops[i];
    if (is_memory(op.kind)) {
      const Buffer& buffer = program_->buffers[static_cast<std::size_t>(op.payload)];
      const std::int64_t bytes = change_by(op, buffer);
      changes_.push_back({bytes, i, buffer.cause});
      moments.push_back({bytes, bytes, {i, 0}});
    }
    if (op.kind != OpKind::call) continue;
    const Call& call = program_->call_of(op);
    std::optional<OfBlock>& block = blocks[call.block];
    if (!block) block = of_block(program_->blocks[call.block], call);
    for (const Change& change : block->changes) changes_.push_back({change.bytes, i, change.cause});
    for (const Moment& moment : block->moments) moments.push_back({moment.rise, moment.net, {i, moment.place.inside}});
  }
  return moments;
}

// Levels above what is resident. A step that begins `net` above the one before sets records where its own level
// passes the first step's highest less `net`; with net <= 0 there are none.
void Levels::list_records(const std::vector<Moment>& moments) {
  const auto list = [&](std::int64_t beaten, std::vector<OpPlace>& records) {
    std::int64_t level = 0;
    for (const Moment& moment : moments) {
      if (level + moment.rise > beaten) records.push_back(moment.place), beaten = level + moment.rise;
      level += moment.net;
    }
    return std::pair(level, beaten);
  };
  const auto [net, highest] = list(0, first_step_);
  if (net > 0) list(highest - net, later_steps_);
}

void Levels::add_up_to(OpPlace last, std::uint32_t step, RankMemory& memory) const {
  const std::span<const Op> ops = program_->streams[stream_].ops;
  for (const Change& change : changes_) {
    const bool is_over = change.op < last.op || (change.op == last.op && ops[last.op].kind != OpKind::call);
    const std::int64_t times = step + (is_over ? 1 : 0);
    if (times > 0) add(memory, change.cause, change.bytes * times);
  }
  if (ops[last.op].kind != OpKind::call) return;
  const Call& call = program_->call_of(ops[last.op]);
  for (const Op& op : std::span(program_->blocks[call.block].ops).first(last.inside + 1u)) {
    if (!is_memory(op.kind)) continue;
    const Buffer& buffer = program_->buffers[call.buffer(op.payload)];
    add(memory, buffer.cause, change_by(op, buffer));
  }
}

}  // namespace orrery::sim

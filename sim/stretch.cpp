#include "sim/stretch.h"

#include <algorithm>

#include "sim/base/digest.h"
#include "sim/hash_index.h"

namespace orrery::sim {

Stretches::Stretches(const FlatProgram& program, const Cells::Inside& inside) : program_(&program), inside_(&inside) {
  const std::span<const Op> main = program.streams[kMainStream].ops;
  awaited_.resize(main.size());
  for (StreamIndex s = 0; s < program.stream_count(); ++s)
    for (const Op& op : program.streams[s].ops)
      if (op.after_stream == kMainStream && op.after < main.size() && (!is_inside(s) || op.on_previous_step()))
        awaited_[op.after] = true;
  for (const StreamIndex s : inside.streams) {
    std::int64_t latest = -1;
    std::vector<std::int64_t>& before = main_before_.emplace_back();
    for (const Op& op : program.streams[s].ops) {
      if (op.waits()) latest = std::max<std::int64_t>(latest, op.after);
      before.push_back(latest);
    }
  }
  at_.assign(main.size(), kNone);
  for (OpIndex begin = 0; begin < main.size();) {
    const OpIndex end = segment_end(begin);
    add(begin, end);
    OpIndex met = begin;
    while (met < end && main[met].kind != OpKind::collective) ++met;
    if (met + 1 < end) add(met + 1, end);
    begin = std::max(end, begin + 1);
  }
  number_contents();
}

bool Stretches::is_inside(StreamIndex stream) const {
  return std::find(inside_->streams.begin(), inside_->streams.end(), stream) != inside_->streams.end();
}

bool Stretches::meets_in(const Op& op) const {
  return op.kind == OpKind::collective && inside_->meets_in(program_->program->transfer_of(op));
}

const Marker* Stretches::marker(const Op& op) const {
  return op.kind == OpKind::marker ? &program_->program->markers[static_cast<std::size_t>(op.payload)] : nullptr;
}

bool Stretches::may_follow(const Op& op) const {
  if (!is_local(op.kind) && !meets_in(op)) return false;
  const Marker* mark = marker(op);
  if (mark && (mark->kind == Marker::Kind::step_end || mark->kind == Marker::Kind::action_begin)) return false;
  return !op.waits() || (is_inside(op.after_stream) && !op.on_previous_step());
}

OpIndex Stretches::segment_end(OpIndex begin) const {
  const std::span<const Op> main = program_->streams[kMainStream].ops;
  const Op& first = main[begin];
  if (!is_local(first.kind) && !meets_in(first)) return begin;
  for (OpIndex i = begin;; ++i) {
    const Marker* mark = marker(main[i]);
    if (mark && mark->kind == Marker::Kind::step_end) return i;
    const bool ends = awaited_[i] || (mark && mark->kind == Marker::Kind::action_end);
    if (ends || i + 1 == main.size() || !may_follow(main[i + 1])) return i + 1;
  }
}

// What is one run anyway needs no more.
void Stretches::add(OpIndex begin, OpIndex end) {
  if (begin >= end || program_->streams[kMainStream].ahead[begin].run_end >= end) return;
  at_[begin] = static_cast<std::uint32_t>(all_.size());
  all_.push_back({begin, end, 0, sides_of(begin, end)});
}

std::vector<SideOps> Stretches::sides_of(OpIndex begin, OpIndex end) const {
  std::vector<SideOps> sides;
  for (std::size_t i = 0; i < main_before_.size(); ++i) {
    const std::vector<std::int64_t>& before = main_before_[i];
    const auto first = [&](OpIndex op) {
      return static_cast<OpIndex>(std::lower_bound(before.begin(), before.end(), std::int64_t{op}) - before.begin());
    };
    sides.push_back({inside_->streams[i], first(begin), first(end)});
  }
  return sides;
}

void Stretches::number_contents() {
  HashIndex index;
  std::vector<std::uint32_t> first;  // by content: the first stretch of it
  for (std::uint32_t i = 0; i < all_.size(); ++i) {
    const auto same = [&](std::uint32_t content) { return do_the_same(all_[first[content]], all_[i]); };
    all_[i].content = index.find_or_add(hash(all_[i]), contents_, same);
    if (all_[i].content == contents_) ++contents_, first.push_back(i);
  }
}

// What an op of the stretch waits for within it, counted from the stretch's own ops.
void Stretches::wait_of(const Stretch& stretch, const Op& op, std::int64_t& stream, std::int64_t& after) const {
  stream = after = -1;
  if (!op.waits()) return;
  OpIndex begin = stretch.begin;
  if (op.after_stream != kMainStream) {
    const auto side = std::find_if(stretch.sides.begin(), stretch.sides.end(),
                                   [&](const SideOps& ops) { return ops.stream == op.after_stream; });
    if (side == stretch.sides.end()) return;  // for a stream outside: over when the stretch begins
    begin = side->begin;
  }
  if (op.after < begin) return;
  stream = op.after_stream, after = op.after - begin;
}

namespace {

bool has_cost(OpKind kind) {
  return kind == OpKind::kernel || kind == OpKind::collective;
}

}  // namespace

std::uint64_t Stretches::hash(const Stretch& stretch) const {
  Digest digest;
  digest.add(stretch.end - stretch.begin);
  const std::span<const Op> main = program_->streams[kMainStream].ops;
  for (OpIndex i = stretch.begin; i < stretch.end; ++i)
    if (has_cost(main[i].kind)) digest.add(static_cast<std::uint64_t>(main[i].payload));
  return digest.value();
}

bool Stretches::do_the_same(const Stretch& a, const Stretch& b) const {
  const auto same = [&](const Op& x, const Op& y) {
    std::int64_t stream_x, after_x, stream_y, after_y;
    wait_of(a, x, stream_x, after_x);
    wait_of(b, y, stream_y, after_y);
    return x.kind == y.kind && x.category == y.category && x.kernel_class() == y.kernel_class() &&
           stream_x == stream_y && after_x == after_y && (!has_cost(x.kind) || x.payload == y.payload) &&
           (x.kind != OpKind::marker || marker(x)->kind == marker(y)->kind);
  };
  const auto equal = [&](StreamIndex stream, OpIndex begin_a, OpIndex end_a, OpIndex begin_b, OpIndex end_b) {
    if (end_a - begin_a != end_b - begin_b) return false;
    const std::span<const Op> ops = program_->streams[stream].ops;
    for (OpIndex i = 0; i < end_a - begin_a; ++i)
      if (!same(ops[begin_a + i], ops[begin_b + i])) return false;
    return true;
  };
  if (!equal(kMainStream, a.begin, a.end, b.begin, b.end)) return false;
  for (std::size_t i = 0; i < a.sides.size(); ++i)
    if (!equal(a.sides[i].stream, a.sides[i].begin, a.sides[i].end, b.sides[i].begin, b.sides[i].end)) return false;
  return true;
}

}  // namespace orrery::sim

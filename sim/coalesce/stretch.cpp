#include "sim/coalesce/stretch.h"

#include <algorithm>

#include "sim/base/digest.h"

namespace orrery::sim {

namespace {

// What an op of the stretch waits for within it, counted from the stretch's own ops.
struct Wait {
  std::int64_t stream = -1, after = -1;
  bool operator==(const Wait&) const = default;
};

Wait wait_of(const Stretch& stretch, const Op& op) {
  if (!op.waits()) return {};
  OpIndex begin = stretch.begin;
  if (op.after_stream != kMainStream) {
    const auto side = std::find_if(stretch.sides.begin(), stretch.sides.end(),
                                   [&](const SideOps& ops) { return ops.stream == op.after_stream; });
    if (side == stretch.sides.end()) return {};  // for a stream outside: over when the stretch begins
    begin = side->begin;
  }
  if (op.after < begin) return {};
  return {op.after_stream, op.after - begin};
}

Marker::Kind marker_kind(const FlatProgram& program, const Op& op) {
  return program.program->markers[static_cast<std::size_t>(op.payload)].kind;
}

// Whether two ops do the same but for what they wait for.
bool are_alike(const FlatProgram& of_x, const Op& x, const FlatProgram& of_y, const Op& y) {
  if (x.kind != y.kind || x.category != y.category || x.kernel_class() != y.kernel_class()) return false;
  if (x.kind == OpKind::kernel) return x.payload == y.payload;
  if (x.kind == OpKind::collective)
    return (x.payload == y.payload && &of_x == &of_y) || of_x.program->transfer_of(x) == of_y.program->transfer_of(y);
  return x.kind != OpKind::marker || marker_kind(of_x, x) == marker_kind(of_y, y);
}

bool do_the_same(const FlatProgram& of_a, const Stretch& a, const FlatProgram& of_b, const Stretch& b) {
  const auto equal = [&](StreamIndex stream, OpIndex begin_a, OpIndex end_a, OpIndex begin_b, OpIndex end_b) {
    if (end_a - begin_a != end_b - begin_b) return false;
    const std::span<const Op> ops_a = of_a.streams[stream].ops, ops_b = of_b.streams[stream].ops;
    for (OpIndex i = 0; i < end_a - begin_a; ++i) {
      const Op &x = ops_a[begin_a + i], &y = ops_b[begin_b + i];
      if (!are_alike(of_a, x, of_b, y)) return false;
      if ((x.waits() || y.waits()) && wait_of(a, x) != wait_of(b, y)) return false;
    }
    return true;
  };
  if (a.sides.size() != b.sides.size() || !equal(kMainStream, a.begin, a.end, b.begin, b.end)) return false;
  for (std::size_t i = 0; i < a.sides.size(); ++i) {
    const SideOps &x = a.sides[i], &y = b.sides[i];
    if (x.stream != y.stream || !equal(x.stream, x.begin, x.end, y.begin, y.end)) return false;
  }
  return true;
}

std::uint64_t hash(const FlatProgram& program, const Stretch& stretch) {
  std::uint64_t all = stretch.end - stretch.begin;
  const auto add = [&all](std::int64_t part) {
    all = (all ^ static_cast<std::uint64_t>(part)) * 0x9e3779b97f4a7c15ull;
  };
  for (const Op& op : program.streams[kMainStream].ops.subspan(stretch.begin, stretch.end - stretch.begin)) {
    if (op.kind == OpKind::kernel) add(op.payload);
    if (op.kind == OpKind::collective) add(program.program->transfer_of(op).bytes.n);
  }
  return Digest::mix(all);
}

}  // namespace

std::uint32_t StretchContents::number(const FlatProgram& program, const Stretch& stretch) {
  const auto is_same = [&](std::uint32_t content) {
    return do_the_same(*first_[content].program, first_[content].stretch, program, stretch);
  };
  const std::uint32_t content = index_.find_or_add(hash(program, stretch), size(), is_same);
  if (content == size()) first_.push_back({&program, stretch});
  return content;
}

Stretches::Stretches(const FlatProgram& program, const Cells::Inside& inside, StretchContents& contents)
    : program_(&program), inside_(&inside) {
  const std::span<const Op> main = program.streams[kMainStream].ops;
  awaited_.resize(main.size());
  for (StreamIndex s = 0; s < program.stream_count(); ++s)
    for (const Op& op : program.streams[s].ops)
      if (op.after_stream == kMainStream && op.after < main.size() && (!is_inside(s) || op.on_previous_step()))
        awaited_[op.after] = 1;
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
  for (Stretch& stretch : all_) stretch.content = contents.number(program, stretch);
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
  if (op.kind == OpKind::call || (!is_local(op.kind) && !meets_in(op))) return false;
  const Marker* mark = marker(op);
  if (mark && (mark->kind == Marker::Kind::step_end || mark->kind == Marker::Kind::action_begin)) return false;
  return !op.waits() || (is_inside(op.after_stream) && !op.on_previous_step());
}

OpIndex Stretches::segment_end(OpIndex begin) const {
  const std::span<const Op> main = program_->streams[kMainStream].ops;
  const Op& first = main[begin];
  if (first.kind == OpKind::call || (!is_local(first.kind) && !meets_in(first))) return begin;
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

}  // namespace orrery::sim

#include "sim/coalesce/coalesce.h"

#include <algorithm>

namespace orrery::sim {

FlatStream::FlatStream(std::span<const Op> stream_ops, const std::vector<bool>& awaited,
                       std::span<const Marker> markers, bool memory_breaks, bool is_on_time)
    : ops(stream_ops), on_time(is_on_time) {
  look_ahead(awaited, markers, memory_breaks);
}

namespace {

Marker::Kind marker_kind(const Op& op, std::span<const Marker> markers) {
  return op.kind == OpKind::marker ? markers[static_cast<std::size_t>(op.payload)].kind : Marker::Kind::point;
}

}  // namespace

// One pass from the end: every answer follows from that for the next op.
void FlatStream::look_ahead(const std::vector<bool>& awaited, std::span<const Marker> markers, bool memory_breaks) {
  const auto breaks = [&](const Op& op) { return !is_local(op.kind) || (memory_breaks && is_memory(op.kind)); };
  ahead.assign(size() + 1u, {size(), size(), size(), size()});
  entered_ahead.resize(size());
  bool may_follow = false;  // op i + 1 may stand inside a run
  bool any_kernel = false;  // behind op i,
  Category category = 0;    // and its category
  for (OpIndex i = size(); i-- > 0;) {
    const Op& op = ops[i];
    const Ahead& next = ahead[i + 1];
    const bool is_kernel = op.kind == OpKind::kernel;
    const bool is_break = breaks(op);
    const Marker::Kind kind = marker_kind(op, markers);
    const bool is_end = kind == Marker::Kind::action_end, is_action = is_end || kind == Marker::Kind::action_begin;
    ahead[i] = {may_follow && !is_break && (on_time || !awaited[i]) ? next.run_end : i + 1,
                is_kernel && any_kernel && op.category != category ? i + 1 : next.category_end,
                is_action ? i : next.next_action, is_kernel || !is_local(op.kind) || is_end ? i : next.next_timed};
    may_follow = !is_break && !op.waits();
    entered_ahead[i] = op.kind == OpKind::collective && !op.waits() && !memory_breaks && i > 0 && !awaited[i - 1];
    if (is_kernel) category = op.category, any_kernel = true;
  }
}

void FlatStream::break_before(OpIndex op) {
  for (OpIndex i = op; i-- > 0 && ahead[i].run_end > op;) ahead[i].run_end = op;
  if (op < size()) entered_ahead[op] = false;
}

OpIndex group_end(std::span<const Op> ops, OpIndex op) {
  while (op + 1 < ops.size() && ops[op].grouped_with_next()) {
    OpIndex next = op + 1;
    while (next < ops.size() && ops[next].kind == OpKind::wait) ++next;
    if (next == ops.size() || !is_point_to_point(ops[next].kind)) break;
    op = next;
  }
  return op + 1;
}

void FlatStream::add_sums(SpeedIndex speed, const Speeds& speeds) {
  if (speed >= sums_.size()) sums_.resize(speed + 1u);
  std::vector<std::int64_t>& sums = sums_[speed];
  sums.reserve(size() + 1u);
  const Speeds::Slowdown& slowdown = speeds.slowdown(speed);
  std::int64_t sum = 0;
  sums.push_back(sum);
  for (const Op& op : ops) {
    if (op.kind == OpKind::kernel) sum += slowed(op.payload, slowdown[static_cast<std::size_t>(op.kernel_class())]);
    sums.push_back(sum);
  }
}

namespace {

bool feels_claims(std::span<const Op> ops, const Speeds& speeds) {
  return std::any_of(ops.begin(), ops.end(),
                     [&](const Op& op) { return op.kind == OpKind::kernel && speeds.is_felt_by(op.kernel_class()); });
}

// A side stream that only launches and waits: when its ops end is known once they start.
bool is_on_time(std::span<const Op> ops, const Speeds& speeds) {
  return !feels_claims(ops, speeds) && std::all_of(ops.begin(), ops.end(), [](const Op& op) {
    return op.kind == OpKind::kernel || op.kind == OpKind::wait;
  });
}

}  // namespace

FlatProgram::FlatProgram(const Program& p, std::span<const std::span<const Op>> of_program, const Speeds& speeds,
                         bool memory_breaks, bool foresees)
    : program(&p) {
  std::vector<std::vector<bool>> awaited;
  for (const auto& ops : of_program) awaited.emplace_back(ops.size(), false);
  for (const auto& ops : of_program)
    for (const Op& op : ops)
      if (op.waits() && op.after_stream < awaited.size() && op.after < awaited[op.after_stream].size())
        awaited[op.after_stream][op.after] = true;
  for (std::size_t s = 0; s < of_program.size(); ++s) {
    const bool on_time = foresees && s != kMainStream && is_on_time(of_program[s], speeds);
    streams.emplace_back(of_program[s], awaited[s], p.markers, memory_breaks, on_time);
    streams.back().feels_claims = feels_claims(of_program[s], speeds);
    if (streams.back().feels_claims) feeling.push_back(static_cast<StreamIndex>(s));
  }
}

}  // namespace orrery::sim

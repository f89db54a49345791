#include "sim/coalesce.h"

namespace orrery::sim {

FlatStream::FlatStream(std::span<const Op> stream_ops, const std::vector<bool>& awaited,
                       std::span<const Marker> markers, bool memory_breaks)
    : ops(stream_ops) {
  find_runs(awaited, memory_breaks);
  find_groups();
  find_markers(markers);
  find_categories();
}

void FlatStream::find_runs(const std::vector<bool>& awaited, bool memory_breaks) {
  const auto breaks = [&](const Op& op) { return !is_local(op.kind) || (memory_breaks && is_memory(op.kind)); };
  run_end.resize(size());
  for (OpIndex i = size(); i-- > 0;) {
    const OpIndex next = i + 1;
    const bool goes_on = next < size() && !awaited[i] && !breaks(ops[i]) && !breaks(ops[next]) && !ops[next].waits();
    run_end[i] = goes_on ? run_end[next] : next;
  }
}

// A group goes on behind each op that says so, and over waits in its middle.
void FlatStream::find_groups() {
  group_end.resize(size());
  for (OpIndex i = size(); i-- > 0;) {
    const OpIndex next = i + 1;
    group_end[i] = next;
    if (next >= size()) continue;
    const bool joins = is_point_to_point(ops[i].kind) ? ops[i].grouped_with_next() : ops[i].kind == OpKind::wait;
    OpIndex op = next;
    while (op < size() && ops[op].kind == OpKind::wait) ++op;
    if (joins && op < size() && is_point_to_point(ops[op].kind)) group_end[i] = group_end[next];
  }
}

void FlatStream::find_markers(std::span<const Marker> markers) {
  next_action.assign(size() + 1, size());
  next_timed.assign(size() + 1, size());
  for (OpIndex i = size(); i-- > 0;) {
    const Op& op = ops[i];
    const bool takes_time = op.kind == OpKind::kernel || !is_local(op.kind);
    const Marker::Kind kind = op.kind == OpKind::marker ? markers[op.payload].kind : Marker::Kind::point;
    const bool is_action = kind == Marker::Kind::action_begin || kind == Marker::Kind::action_end;
    next_action[i] = is_action ? i : next_action[i + 1];
    next_timed[i] = takes_time || kind == Marker::Kind::action_end ? i : next_timed[i + 1];
  }
}

void FlatStream::find_categories() {
  category_end.resize(size());
  Category following = 0;
  bool any = false;  // kernel behind
  for (OpIndex i = size(); i-- > 0;) {
    const bool is_kernel = ops[i].kind == OpKind::kernel;
    const bool joins = i + 1 < size() && (!is_kernel || !any || ops[i].category == following);
    category_end[i] = joins ? category_end[i + 1] : i + 1;
    if (is_kernel) following = ops[i].category, any = true;
  }
}

void FlatStream::add_sums(SpeedIndex speed, const Speeds& speeds) {
  if (speed >= sums_.size()) sums_.resize(speed + 1u);
  std::vector<std::int64_t>& sums = sums_[speed];
  sums.resize(size() + 1u);
  for (OpIndex i = 0; i < size(); ++i) {
    const Op& op = ops[i];
    const bool is_kernel = op.kind == OpKind::kernel;
    sums[i + 1] = sums[i] + (is_kernel ? slowed(op.payload, speeds.permille(speed, op.kernel_class())) : 0);
  }
}

FlatProgram::FlatProgram(const Program& p, std::span<const Stream> of_program, bool memory_breaks) : program(&p) {
  std::vector<std::vector<bool>> awaited;
  for (const Stream& stream : of_program) awaited.emplace_back(stream.ops.size(), false);
  for (const Stream& stream : of_program)
    for (const Op& op : stream.ops)
      if (op.waits() && op.after_stream < awaited.size() && op.after < awaited[op.after_stream].size())
        awaited[op.after_stream][op.after] = true;
  for (std::size_t s = 0; s < of_program.size(); ++s)
    streams.emplace_back(of_program[s].ops, awaited[s], p.markers, memory_breaks);
}

}  // namespace orrery::sim

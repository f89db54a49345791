#include "sim/coalesce/coalesce.h"

#include <algorithm>
#include <array>
#include <utility>

namespace orrery::sim {

FlatStream::FlatStream(std::span<const Op> stream_ops, std::span<const char> awaited, const Program& program,
                       std::span<FlatBlock* const> blocks, bool memory_breaks, bool is_on_time)
    : ops(stream_ops), on_time(is_on_time), blocks_(blocks), calls_(program.calls.data()) {
  look_ahead(awaited, program, memory_breaks);
}

// One pass from the end: every answer follows from that for the next op.
void FlatStream::look_ahead(std::span<const char> awaited, const Program& program, bool memory_breaks) {
  constexpr int kSeveral = -1;  // categories, of a call
  const OpIndex end = size();
  ahead.resize(end + 1u);
  entered_ahead.assign(end, 0);
  only_waits.assign(end, 0);
  Ahead* const answers = ahead.data();  // what is written cannot move it
  const std::span<const Op> of_stream = ops;
  const bool any_awaited_breaks = !on_time;
  Ahead next{end, end, end, end};
  answers[end] = next;
  bool may_follow = false;  // op i + 1 may stand inside a run
  bool waits = false;       // it may not, for it waits and nothing else
  bool any_kernel = false;  // behind op i,
  int category = 0;         // and its category
  for (OpIndex i = end; i-- > 0;) {
    const Op& op = of_stream[i];
    bool is_break = false;
    switch (op.kind) {
      case OpKind::kernel:
        if (any_kernel && op.category != category) next.category_end = i + 1;
        category = op.category, any_kernel = true;
        next.next_timed = i;
        break;
      case OpKind::allocate:
      case OpKind::free:
        is_break = memory_breaks;
        break;
      case OpKind::marker: {
        const Marker::Kind kind = program.markers[static_cast<std::size_t>(op.payload)].kind;
        if (kind == Marker::Kind::action_end) next.next_timed = i;
        if (kind == Marker::Kind::action_begin || kind == Marker::Kind::action_end) next.next_action = i;
        break;
      }
      case OpKind::call:
        if (!block_of(i).has_kernels) break;
        next.category_end = i + 1;
        category = kSeveral, any_kernel = true;
        next.next_timed = i;
        break;
      case OpKind::wait:
        break;
      default:
        is_break = true;
        next.next_timed = i;
        entered_ahead[i] = op.kind == OpKind::collective && !op.waits() && !memory_breaks && i > 0 && !awaited[i - 1];
    }
    const bool ends = is_break || (any_awaited_breaks && awaited[i]);
    if (!may_follow || ends) next.run_end = i + 1;
    if (waits && !ends) only_waits[i + 1] = 1;
    answers[i] = next;
    may_follow = !is_break && !op.waits();
    waits = !is_break && op.waits();
  }
}

void FlatStream::break_before(OpIndex op) {
  for (OpIndex i = op; i-- > 0 && ahead[i].run_end > op;) ahead[i].run_end = op;
  if (op < size()) entered_ahead[op] = only_waits[op] = 0;
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
  auto sums = std::make_unique_for_overwrite<std::int64_t[]>(size() + 1u);
  const Speeds::Slowdown& slowdown = speeds.slowdown(speed);
  std::int64_t sum = sums[0] = 0;
  for (OpIndex i = 0; i < size(); ++i) {
    const Op& op = ops[i];
    if (op.kind == OpKind::kernel)
      sum += slowed(op.payload, slowdown[static_cast<std::size_t>(op.kernel_class())]);
    else if (op.kind == OpKind::call)
      sum += block_of(i).at(speed, speeds).total();
    sums[i + 1] = sum;
  }
  sums_[speed].sum = std::move(sums);
}

void FlatStream::add_up(SpeedIndex speed, OpIndex begin, OpIndex end, RunSpent& of_run) const {
  std::array<std::int64_t, UINT8_MAX + 1> time{};
  std::size_t categories = 0;
  each_kernel(speed, begin, end, [&](Category category, Duration of) {
    time[category] += of.count_ps();
    categories = std::max<std::size_t>(categories, category + 1u);
  });
  of_run.begin = begin;
  of_run.by_category.clear();
  for (std::size_t c = 0; c < categories; ++c)
    if (time[c] > 0) of_run.by_category.push_back({static_cast<Category>(c), Duration::ps(time[c])});
}

namespace {

bool feels_claims(std::span<const Op> ops, const Speeds& speeds) {
  return std::any_of(ops.begin(), ops.end(),
                     [&](const Op& op) { return op.kind == OpKind::kernel && speeds.is_felt_by(op.kernel_class()); });
}

}  // namespace

bool only_launches(std::span<const Op> ops, const Speeds& speeds) {
  return !feels_claims(ops, speeds) && std::all_of(ops.begin(), ops.end(), [](const Op& op) {
    return op.kind == OpKind::kernel || op.kind == OpKind::wait;
  });
}

FlatProgram::FlatProgram(const Program& p, std::span<const std::span<const Op>> of_program, const Speeds& speeds,
                         bool memory_breaks, bool foresees, std::vector<FlatBlock*> of_calls)
    : program(&p), blocks(std::move(of_calls)) {
  const bool block_feels =
      std::any_of(blocks.begin(), blocks.end(), [](const FlatBlock* b) { return b->feels_claims; });
  std::vector<std::vector<char>> awaited;
  for (const auto& ops : of_program) awaited.emplace_back(ops.size(), 0);
  for (const auto& ops : of_program)
    for (const Op& op : ops)
      if (op.waits() && op.after_stream < awaited.size() && op.after < awaited[op.after_stream].size())
        awaited[op.after_stream][op.after] = 1;
  for (std::size_t s = 0; s < of_program.size(); ++s) {
    const bool on_time = foresees && s != kMainStream && only_launches(of_program[s], speeds);
    streams.emplace_back(of_program[s], awaited[s], p, blocks, memory_breaks, on_time);
    streams.back().feels_claims = feels_claims(of_program[s], speeds) || (s == kMainStream && block_feels);
    if (streams.back().feels_claims) feeling.push_back(static_cast<StreamIndex>(s));
  }
  for (FlatStream& stream : streams) stream.slows_others = feeling.size() > (stream.feels_claims ? 1u : 0u);
}

}  // namespace orrery::sim

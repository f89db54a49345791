#include "sim/account/ledger.h"

#include <span>

namespace orrery::sim {

namespace {

// What a memory op adds to the level.
std::int64_t delta(const Op& op, const Program& program) {
  const std::int64_t bytes = program.buffers[static_cast<std::size_t>(op.payload)].bytes.n;
  return op.kind == OpKind::allocate ? bytes : -bytes;
}

std::uint8_t cause(const Op& op, const Program& program) {
  return program.buffers[static_cast<std::size_t>(op.payload)].cause;
}

bool has_memory_ops(const Stream& stream) {
  for (const Op& op : stream.ops)
    if (is_memory(op.kind)) return true;
  return false;
}

}  // namespace

Ledger::Ledger(const Workload& workload, bool open_ended)
    : causes_(workload.causes.size()), plan_of_(workload.ranks()), marks_(workload.ranks()) {
  for (const Program& program : workload.programs) plans_.add(plan(program));
  if (open_ended)
    for (Plan& p : plans_) p.stream = kNoStream;
  counted_of_.resize(workload.ranks());
  for (std::uint32_t r = 0; r < workload.ranks(); ++r) {
    const Plan& p = plans_[workload.program_of[RankId{r}]];
    plan_of_[RankId{r}] = &p;
    counted_of_[RankId{r}] = static_cast<std::uint32_t>(counted_.size());
    if (p.stream != kNoStream) continue;
    const RankMemory at_start = resident(*p.program);
    counted_.push_back({at_start.by_cause, at_start.peak, at_start});
  }
}

RankMemory Ledger::resident(const Program& program) const {
  RankMemory memory;
  memory.by_cause.resize(causes_);
  for (const std::uint32_t index : program.resident) {
    const Buffer& buffer = program.buffers[index];
    memory.by_cause[buffer.cause] += buffer.bytes;
    memory.peak += buffer.bytes;
  }
  return memory;
}

Ledger::Plan Ledger::plan(const Program& program) {
  Plan plan;
  plan.program = &program;
  int streams = 0;
  for (std::size_t s = 0; s < program.streams.size(); ++s) {
    if (!has_memory_ops(program.streams[s])) continue;
    plan.stream = static_cast<StreamIndex>(s);
    ++streams;
  }
  if (streams > 1) plan.stream = kNoStream;
  if (streams == 1) list_changes(program.streams[plan.stream], plan);
  list_records(plan);
  return plan;
}

void Ledger::list_changes(const Stream& stream, Plan& plan) {
  plan.changes.reserve(2 * plan.program->buffers.size());
  const std::span<const Op> ops = stream.ops;
  for (OpIndex i = 0; i < ops.size(); ++i) {
    const Op& op = ops[i];
    if (is_memory(op.kind)) plan.changes.push_back({delta(op, *plan.program), i, cause(op, *plan.program)});
  }
}

// Levels above what is resident. A step that begins `net` above the one before sets records where its own level
// passes the first step's highest less `net`; with net <= 0 there are none.
void Ledger::list_records(Plan& plan) {
  std::int64_t level = 0, highest = 0;
  for (const Change& change : plan.changes) {
    level += change.bytes;
    if (level > highest) plan.first_step.push_back(change.op), highest = level;
  }
  const std::int64_t net = level;
  if (net <= 0) return;
  std::int64_t beaten = highest - net;
  level = 0;
  for (const Change& change : plan.changes) {
    level += change.bytes;
    if (level > beaten) plan.later_steps.push_back(change.op), beaten = level;
  }
}

void Ledger::count(RankId rank, StreamIndex stream, OpIndex index, const Op& op, Time now) {
  Counted& counted = counted_[counted_of_[rank]];
  const Program& program = *plan_of_[rank]->program;
  const Bytes change{delta(op, program)};
  counted.level[cause(op, program)] += change;
  counted.total += change;
  if (counted.total <= counted.peak.peak) return;
  counted.peak = {counted.level, counted.total, now, stream, index};
}

RankMemory Ledger::summary(RankId rank) const {
  const Plan& plan = *plan_of_[rank];
  if (plan.stream == kNoStream) return counted_[counted_of_[rank]].peak;

  const Mark& mark = marks_[rank];
  RankMemory memory = resident(*plan.program);
  if (!mark.any) return memory;
  for (const Change& change : plan.changes) {
    const std::int64_t times = mark.step + (change.op <= mark.op ? 1 : 0);
    if (times == 0) break;  // in the first step there is nothing behind the peak
    const Bytes added{change.bytes * times};
    memory.by_cause[change.cause] += added;
    memory.peak += added;
  }
  memory.when = mark.when;
  memory.stream = plan.stream;
  memory.op = mark.op;
  return memory;
}

}  // namespace orrery::sim

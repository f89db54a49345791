#include "sim/account/ledger.h"

#include "sim/calls.h"

namespace orrery::sim {

namespace {

bool has_memory_ops(const Stream& stream) {
  for (const Op& op : stream.ops)
    if (is_memory(op.kind) || op.kind == OpKind::call) return true;
  return false;
}

}  // namespace

Ledger::Ledger(const Workload& workload, bool open_ended)
    : causes_(workload.causes.size()), plan_of_(workload.ranks()), marks_(workload.ranks()) {
  MemoryOps in_blocks;
  for (const Program& program : workload.programs) plans_.add(plan(program, in_blocks));
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

Ledger::Plan Ledger::plan(const Program& program, MemoryOps& in_blocks) {
  Plan plan;
  plan.program = &program;
  int streams = 0;
  for (std::size_t s = 0; s < program.streams.size(); ++s) {
    if (!has_memory_ops(program.streams[s])) continue;
    plan.stream = static_cast<StreamIndex>(s);
    ++streams;
  }
  if (streams > 1) plan.stream = kNoStream;
  if (plan.stream != kNoStream) plan.levels.emplace(program, plan.stream, in_blocks);
  return plan;
}

void Ledger::count(RankId rank, StreamIndex stream, OpIndex index, const Op& op, Time now) {
  Counted& counted = counted_[counted_of_[rank]];
  const Buffer& buffer = plan_of_[rank]->program->buffers[static_cast<std::size_t>(op.payload)];
  const Bytes change{change_by(op, buffer)};
  counted.level[buffer.cause] += change;
  counted.total += change;
  if (counted.total <= counted.peak.peak) return;
  counted.peak = {counted.level, counted.total, now, stream, index};
}

std::optional<Ledger::Record> Ledger::last_record(RankId rank, std::uint32_t steps) const {
  const Levels& levels = *plan_of_[rank]->levels;
  for (std::uint32_t step = steps; step-- > 0;)
    if (const std::vector<OpPlace>& records = levels.records(step); !records.empty())
      return Record{records.back(), step};
  return std::nullopt;
}

RankMemory Ledger::summary(RankId rank) const {
  const Plan& plan = *plan_of_[rank];
  if (plan.stream == kNoStream) return counted_[counted_of_[rank]].peak;

  const Mark& mark = marks_[rank];
  RankMemory memory = resident(*plan.program);
  if (!mark.any) return memory;
  plan.levels->add_up_to(mark.place, mark.step, memory);
  memory.when = mark.when;
  memory.stream = plan.stream;
  memory.op = place_written_out(*plan.program, plan.stream, mark.place.op, mark.place.inside);
  return memory;
}

}  // namespace orrery::sim

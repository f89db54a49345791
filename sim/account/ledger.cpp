#include "sim/account/ledger.h"

#include "sim/calls.h"

namespace orrery::sim {

Ledger::Places Ledger::places_of(const Workload& workload) {
  Places places;
  for (const Program& program : workload.programs) places.add(std::make_shared<const MemoryPlaces>(program));
  return places;
}

Ledger::Ledger(const Workload& workload, bool open_ended, const Places& places)
    : causes_(workload.causes.size()),
      plans_(workload.programs.size()),
      plan_of_(workload.ranks()),
      marks_(workload.ranks()) {
  for (std::uint32_t p = 0; p < plans_.size(); ++p) {
    Plan& plan = plans_[{p}];
    plan.program = &workload.programs[{p}];
    plan.stream = open_ended ? kNoStream : places[{p}]->stream;
    if (plan.stream != kNoStream) plan.levels.emplace(*plan.program, places[{p}]);
  }
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

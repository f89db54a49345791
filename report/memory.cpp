#include <algorithm>

#include "models/memory/allocation_replay.h"
#include "report/plan.h"
#include "report/result.h"

namespace orrery::report {
namespace {

using models::MemoryCause;

StageMemory of_rank(int stage, RankId rank, const RunInputs& inputs, models::ReservedPeaks& reserved) {
  const sim::RankMemory& memory = inputs.run.ranks[rank].memory;
  const auto cause = [&](MemoryCause c) {
    const auto i = static_cast<std::size_t>(c);
    return i < memory.by_cause.size() ? memory.by_cause[i] : Bytes{};
  };
  StageMemory row;
  row.stage = stage;
  row.rank = rank;
  row.peak = memory.peak;
  row.parameters = cause(MemoryCause::parameters);
  row.gradients = cause(MemoryCause::gradients);
  row.optimizer = cause(MemoryCause::optimizer);
  row.activations = cause(MemoryCause::activations);
  row.buffers = cause(MemoryCause::buffers);
  const sim::Workload& workload = inputs.compiled.workload;
  row.reserved = std::max(memory.peak, reserved.of(workload.programs[workload.program_of[rank]]));
  return row;
}

// The largest rank of every stage; among equals the first.
std::vector<RankId> largest_ranks(const RunInputs& inputs) {
  const sim::Workload& workload = inputs.compiled.workload;
  std::vector<RankId> largest(static_cast<std::size_t>(inputs.scenario.layout.pp), RankId::none());
  for (std::uint32_t i = 0; i < inputs.run.ranks.size(); ++i) {
    const int stage = inputs.compiled.stage_of_program[workload.program_of[RankId{i}].value];
    RankId& best = largest[static_cast<std::size_t>(stage)];
    if (best.is_none() || inputs.run.ranks[RankId{i}].memory.peak > inputs.run.ranks[best].memory.peak) best = {i};
  }
  return largest;
}

}  // namespace

models::CachingAllocator::Options allocator_of(const models::Scenario& scenario) {
  models::CachingAllocator::Options options;
  options.expandable_segments = scenario.software.expandable_segments;
  options.limit = scenario.cluster.gpu.memory - scenario.software.runtime;
  return options;
}

std::vector<int> in_flight_by_stage(const models::Schedule& schedule) {
  using Type = models::Action::Type;
  std::vector<int> peaks;
  for (const auto& actions : schedule.order) {
    int now = 0, peak = 0;
    for (const models::Action& action : actions)
      for (const models::Action& pass : models::passes(action)) {
        if (pass.type == Type::forward) peak = std::max(peak, ++now);
        if (models::makes_input_gradient(pass.type)) --now;
      }
    // Without a flush, forwards and backwards take turns above what is always in flight.
    if (!models::flushes(schedule)) peak = models::carried_over(schedule, static_cast<int>(peaks.size())) + 1;
    peaks.push_back(peak);
  }
  return peaks;
}

Memory memory_of(const RunInputs& inputs) {
  const std::vector<int> in_flight = in_flight_by_stage(inputs.compiled.schedule);
  Memory memory;
  memory.capacity = inputs.scenario.cluster.gpu.memory;
  memory.runtime = inputs.scenario.software.runtime;
  models::ReservedPeaks reserved(inputs.compiled.tensors, allocator_of(inputs.scenario));
  for (const RankId rank : largest_ranks(inputs)) {
    if (rank.is_none()) continue;
    const int stage = static_cast<int>(memory.stages.size());
    StageMemory row = of_rank(stage, rank, inputs, reserved);
    if (memory.stages.size() < in_flight.size()) row.in_flight_micro_batches = in_flight[memory.stages.size()];
    memory.peak = std::max(memory.peak, row.peak);
    memory.reserved = std::max(memory.reserved, row.reserved);
    memory.stages.push_back(row);
  }
  memory.fits = memory.reserved + memory.runtime <= memory.capacity;
  return memory;
}

}  // namespace orrery::report

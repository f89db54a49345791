#include <algorithm>

#include "models/memory/allocation_replay.h"
#include "report/result.h"
#include "report/will_fit.h"

namespace orrery::report {
namespace {

using models::MemoryCause;

StageMemory of_rank(int stage, RankId rank, const RunInputs& inputs, ReservedByProgram& reserved) {
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
  const ProgramId program = inputs.compiled.workload.program_of[rank];
  row.capacity = capacity_of(inputs.scenario, inputs.compiled, program);
  row.reserved = std::max(memory.peak, reserved.of(program));
  return row;
}

// The rank of every stage that holds most of its GPU: where those are alike, the largest; among equals the first.
std::vector<RankId> largest_ranks(const RunInputs& inputs) {
  const sim::Workload& workload = inputs.compiled.workload;
  std::vector<RankId> largest(static_cast<std::size_t>(inputs.scenario.layout.pp), RankId::none());
  const auto left = [&](RankId rank) {
    return capacity_of(inputs.scenario, inputs.compiled, workload.program_of[rank]) -
           inputs.run.ranks[rank].memory.peak;
  };
  const sim::RankSummary* last = nullptr;
  for (std::uint32_t i = 0; i < inputs.run.ranks.size(); ++i) {
    const sim::RankSummary& summary = inputs.run.ranks[RankId{i}];
    if (&summary == last) continue;  // neighbours that were simulated as one
    last = &summary;
    const int stage = inputs.compiled.stage_of_program[workload.program_of[RankId{i}].value];
    RankId& best = largest[static_cast<std::size_t>(stage)];
    if (best.is_none() || left({i}) < left(best)) best = {i};
  }
  return largest;
}

}  // namespace

std::vector<int> in_flight_by_stage(const models::Schedule& schedule) {
  using Type = models::Action::Type;
  std::vector<int> peaks;
  const auto& replicas = schedule.request.replicas;
  const auto ranks = static_cast<int>(replicas.empty() ? schedule.order.size() : replicas.size());
  for (int rank = 0; rank < ranks; ++rank) {
    const auto& actions = schedule.order[schedule.list_of(rank)];
    int now = 0, peak = 0;
    for (const models::Action& action : actions)
      for (const models::Action& pass : models::passes(action)) {
        if (pass.type == Type::forward) peak = std::max(peak, ++now);
        if (models::makes_input_gradient(pass.type)) --now;
      }
    // Without a flush, forwards and backwards take turns above what is always in flight.
    if (!models::flushes(schedule)) peak = models::carried_over(schedule, rank) + 1;
    peaks.push_back(peak);
  }
  return peaks;
}

Memory memory_of(const RunInputs& inputs) {
  const std::vector<int> in_flight = in_flight_by_stage(inputs.compiled.schedule);
  Memory memory;
  memory.capacity = inputs.scenario.cluster.gpu.memory;
  memory.runtime = inputs.scenario.software.runtime;
  ReservedByProgram reserved(inputs.scenario, inputs.compiled);
  for (const RankId rank : largest_ranks(inputs)) {
    if (rank.is_none()) continue;
    const int stage = static_cast<int>(memory.stages.size());
    StageMemory row = of_rank(stage, rank, inputs, reserved);
    if (memory.stages.size() < in_flight.size()) row.in_flight_micro_batches = in_flight[memory.stages.size()];
    memory.peak = std::max(memory.peak, row.peak);
    if (memory.stages.empty() || row.capacity - row.reserved < memory.capacity - memory.reserved) {
      memory.capacity = row.capacity;
      memory.reserved = row.reserved;
    }
    memory.stages.push_back(row);
  }
  memory.fits = memory.reserved + memory.runtime <= memory.capacity;
  return memory;
}

}  // namespace orrery::report

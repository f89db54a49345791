#include "sim/leaps/legs/tracks.h"

#include <algorithm>
#include <array>
#include <limits>

#include "sim/coalesce/coalesce.h"

namespace orrery::sim {
namespace {

constexpr std::uint64_t kMostOps = 1u << 20;  // of all ranks and steps: their times are 8 MiB at most

bool is_main_alone(const Program& program, const Speeds& speeds) {
  return !program.streams.empty() && std::all_of(program.streams.begin() + 1, program.streams.end(),
                                                 [&](const Stream& side) { return only_launches(side.ops, speeds); });
}

// `calls`: by block, those of the main stream.
std::vector<Spent> spent_by(const LeapProgram& program, const Track& track, std::span<const std::int64_t> calls) {
  std::array<std::int64_t, std::numeric_limits<Category>::max() + 1u> time{};
  for (const OpIndex i : track.legs().timed())
    if (const Op& op = track.ops()[i]; op.kind != OpKind::call) time[op.category] += program.cost_of(op);
  for (std::size_t b = 0; b < calls.size(); ++b)
    for (const Spent& in : program.blocks[b]->spent) time[in.category] += in.time.count_ps() * calls[b];
  std::vector<Spent> spent;
  for (std::size_t c = 0; c < time.size(); ++c)
    if (time[c] > 0) spent.push_back({static_cast<Category>(c), Duration::ps(time[c])});
  return spent;
}

}  // namespace

bool Tracks::suit(const Workload& workload) {
  if (workload.steps < 1) return false;
  IdVector<ProgramId, std::uint64_t> ops;
  const Speeds speeds(workload.claims);
  for (const Program& program : workload.programs) {
    if (!is_main_alone(program, speeds)) return false;
    std::uint64_t of_program = 0;
    for (const Stream& stream : program.streams) of_program += stream.ops.size();
    ops.add(of_program);
  }
  std::uint64_t all = 0;
  for (const ProgramId program : workload.program_of) all += ops[program] * static_cast<std::uint64_t>(workload.steps);
  return all <= kMostOps;
}

Tracks::Tracks(const Workload& workload, const FlowNet& network, LegMemory* memory)
    : workload_(workload),
      memory_(memory),
      speeds_(workload.claims),
      facts_(facts_of(workload, memory)),
      solo_(workload, speeds_, network, facts_.uses) {
  for (std::uint32_t p = 0; p < workload.programs.size(); ++p) programs_.add(prepare({p}));
}

Tracks::Facts Tracks::facts_of(const Workload& workload, LegMemory* memory) {
  if (!memory) return {{}, SoloCollectives::uses_of(workload), Ledger::places_of(workload)};
  Facts all;
  UsedTransfers used;
  for (const Program& program : workload.programs) {
    const std::uint64_t form = memory->form_of(program);
    const LegMemory::Facts& facts = memory->facts(form, program, used);
    all.forms.add(form);
    all.uses.add(facts.transfers);
    all.memory.add(facts.memory);
  }
  return all;
}

TrackedProgram Tracks::prepare(ProgramId id) {
  TrackedProgram prepared;
  const Program& program = workload_.programs[id];
  prepared.program = &program;
  prepared.solo = SoloTimes(solo_.times(id));
  sound_ &= solo_.met(id).empty();  // else it has collectives beside the main stream
  for (const Block& block : program.blocks) {
    prepared.blocks.push_back(&blocks_.of(block, prepared.solo));
    sound_ &= !prepared.blocks.back()->meets_others;
  }
  const std::vector<std::span<const Op>> streams = ops_of(std::span<const Stream>(program.streams));
  prepared.legs = memory_ ? memory_->legs(facts_.forms[id], prepared, streams) : legs_of(prepared, streams);
  sound_ &= prepared.legs != nullptr;
  if (!prepared.legs) return prepared;
  prepared.sums.reserve(prepared.legs->streams.back().places().timed);
  prepared.tracks.reserve(streams.size());
  for (std::size_t s = 0; s < streams.size(); ++s) add_track(prepared, streams[s], prepared.legs->streams[s]);
  if (sound_) prepared.spent = spent_by(prepared, prepared.main(), facts_.uses[id]->calls);
  return prepared;
}

void Tracks::add_track(TrackedProgram& program, std::span<const Op> ops, const Legs& legs) {
  constexpr std::int64_t kLongest = std::int64_t{1} << 60;  // ps
  std::int64_t sum = 0;
  for (const OpIndex op : legs.timed()) {
    program.sums.push_back(sum);
    const std::int64_t cost = program.cost_of(ops[op]);
    sound_ &= cost <= kLongest - sum;
    if (sound_) sum += cost;
  }
  program.sums.push_back(sum);
  program.tracks.emplace_back(ops, legs, program.sums.data());
}

}  // namespace orrery::sim

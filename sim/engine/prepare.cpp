// What is done before the loop: programs and ranks as the loop wants them.
#include <algorithm>

#include "sim/calls.h"
#include "sim/engine/impl.h"
#include "sim/leaps/leap_run.h"

namespace orrery::sim {

namespace {

// Whether some program has more to do outside of its calls, each of which is one event as it is.
bool is_much_written_out(const Workload& workload) {
  return std::any_of(workload.programs.begin(), workload.programs.end(), [](const Program& program) {
    if (program.streams.empty()) return false;
    const std::vector<Op>& main = program.streams[kMainStream].ops;
    const auto kernels =
        std::count_if(main.begin(), main.end(), [](const Op& op) { return op.kind == OpKind::kernel; });
    return static_cast<std::size_t>(kernels) > program.calls.size();
  });
}

}  // namespace

// Calls are run as they are where that is the same; else they are written out first. Where nobody
// looks on, ranks leap if they can.
RunResult run(const Workload& workload, const RunOptions& options, OpSource* source) {
  const bool looks_on = !options.coalesce || options.trace || source || workload.jitter.compute > 0;
  if (!looks_on && options.leap)
    if (std::optional<RunResult> result = leap_run(workload, options.stop, options.leaps)) return *std::move(result);
  const bool calls = has_calls(workload);
  if (!looks_on && !(calls && calls_meet_others(workload))) {
    Engine engine(workload, options, source);
    if (!calls || engine.takes_calls()) return engine.run();
  }
  return calls ? Engine(written_out(workload), options, source).run() : Engine(workload, options, source).run();
}

Engine::Engine(const Workload& workload, const RunOptions& options, OpSource* source)
    : workload_(workload),
      options_(options),
      source_(source),
      jitters_(workload.jitter.compute > 0),
      coalesce_(options.coalesce && !jitters_),
      foresees_(coalesce_ && source == nullptr && options.trace == nullptr),
      ranks_(),
      speeds_(workload.claims),
      meetings_(workload, source != nullptr),
      ledger_(workload, source != nullptr),
      accounting_(workload.ranks(), workload.categories.size()),
      network_(workload.links),
      link_counts_(workload.links.size()) {
  prepare_programs();
  prepare_ranks();
  if (foresees_ && takes_calls() && is_much_written_out(workload)) prepare_stretches();
  if (options_.trace) {
    met_.resize(streams_.size());
    link_sampled_.resize(workload_.links.size());
  }
  result_.step_ends.resize(static_cast<std::size_t>(std::max(0, workload_.steps)));
  result_.links = LinkLoads(workload_.links.size());
}

void Engine::prepare_programs() {
  // A trace is to show every transfer as one, with the load of its links.
  if (foresees_) {
    solo_.emplace(workload_, speeds_, network_, SoloCollectives::uses_of(workload_));
    solo_streams_.emplace(workload_, *solo_);
  }
  for (std::uint32_t p = 0; p < workload_.programs.size(); ++p) {
    const Program& program = workload_.programs[ProgramId{p}];
    std::vector<std::span<const Op>> streams = ops_of(std::span<const Stream>(program.streams));
    if (solo_streams_ && !streams.empty()) streams[kMainStream] = solo_streams_->main_stream({p});
    std::vector<FlatBlock*> blocks;
    for (std::size_t b = 0; b < program.blocks.size(); ++b)
      blocks.push_back(&blocks_.of(solo_streams_ ? solo_streams_->block({p}, b) : program.blocks[b].ops, speeds_));
    programs_.emplace_back(program, streams, speeds_, ledger_.breaks_runs(ProgramId{p}), foresees_, std::move(blocks));
  }
  const bool any_slows = std::any_of(programs_.begin(), programs_.end(), [](const FlatProgram& p) {
    return !p.streams.empty() && p.streams[kMainStream].slows_others;
  });
  may_defer_ = !any_slows && !source_ && !options_.trace;
}

// Collectives inside that meet others, and allocations that have to be met one by one, stand in the way.
bool Engine::takes_calls() const {
  for (std::uint32_t p = 0; p < programs_.size(); ++p) {
    const FlatProgram& program = programs_[p];
    if (program.program->calls.empty()) continue;
    if (ledger_.breaks_runs({p})) return false;
    for (const FlatBlock* block : program.blocks)
      if (block->has_collectives) return false;
  }
  return true;
}

void Engine::prepare_ranks() {
  ranks_.reserve(workload_.ranks());
  for (std::uint32_t r = 0; r < workload_.ranks(); ++r) {
    RankState rank;
    rank.flat = &programs_[workload_.program_of[RankId{r}].value];
    rank.first_stream = static_cast<std::uint32_t>(streams_.size());
    rank.streams = static_cast<StreamIndex>(rank.flat->streams.size());
    rank.unfinished = rank.streams;
    for (StreamIndex s = 0; s < rank.streams; ++s) {
      StreamState& stream = streams_.emplace_back();
      stream.rank = r;
      stream.index = s;
      stream.flat = &rank.flat->streams[s];
    }
    for (const FlatStream& stream : rank.flat->streams)
      total_ops_ += stream.size() * static_cast<std::uint64_t>(std::max(0, workload_.steps));
    unfinished_ += rank.streams;
    ranks_.add(std::move(rank));
  }
}

}  // namespace orrery::sim

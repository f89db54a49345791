#include "cli/options/html_option.h"

#include "cli/console/output.h"
#include "report/explain/path_shares.h"
#include "report/html/page.h"

namespace orrery::cli {
namespace {

constexpr int kSlices = 400;                   // of the step, in the chart of memory over time
constexpr std::uint64_t kMostOps = 4'000'000;  // whose spans are kept, about 200 MiB
constexpr std::size_t kTop = 12;               // rows of the critical path

std::uint64_t ops_of(const sim::Workload& run) {
  std::uint64_t ops = 0;
  for (const ProgramId program : run.program_of) ops += run.programs[program].op_count();
  return ops * static_cast<std::uint64_t>(run.steps);
}

}  // namespace

HtmlReport::HtmlReport(const Prepared& prepared)
    : prepared_(prepared),
      ranks_(one_rank_a_stage(prepared)),
      timeline_(prepared.workload(), ranks_),
      memory_(prepared.workload(), ranks_) {
  if (ops_of(prepared.workload()) <= kMostOps) trace_.emplace(prepared);
}

std::vector<sim::TraceSink*> HtmlReport::sinks() {
  std::vector<sim::TraceSink*> sinks{&timeline_, &memory_};
  if (trace_) sinks.push_back(&*trace_);
  return sinks;
}

bool HtmlReport::write(const std::string& path, const Simulated& simulated, const report::Result& result) {
  const report::MemoryOverTime memory = memory_over_time(memory_, ranks_, simulated.classes, kSlices);
  const std::vector<report::TimeParts> stages =
      report::stage_times({prepared_.scenario, prepared_.compiled, simulated.ranks, result.ranks_simulated, 0});
  report::Explanation why{result, {}, {}, {}, {}, {}, {}};
  if (trace_) report::fill_path(prepared_.workload(), *trace_, kTop, why);
  const sim::RankSummary& first = simulated.classes.ranks[ranks_.front()];
  Output out(path);
  if (!out.ok()) return false;
  out.stream() << report::run_page({result, prepared_.workload(), timeline_, ranks_, stages, memory,
                                    trace_ ? &why : nullptr, first.previous_step_end, first.step_end});
  return out.finish();
}

}  // namespace orrery::cli

#include "report/html/step_timeline.h"

#include <algorithm>

#include "sim/coalesce/coalesce.h"

namespace orrery::report {

StepTimeline::StepTimeline(const sim::Workload& workload, const std::vector<RankId>& ranks) : workload_(workload) {
  for (const RankId rank : ranks) rows_[rank];
}

void StepTimeline::span(const sim::Span& span) {
  if (span.step + 1 != workload_.steps) return;
  const sim::Program& program = workload_.programs[workload_.program_of[span.rank]];
  const sim::Op& op = program.streams[span.stream].ops[span.op];
  Row& row = rows_.at(span.rank);
  if (op.kind == sim::OpKind::marker) {
    on_marker(row, span, program.markers[static_cast<std::size_t>(op.payload)]);
  } else if (!sim::is_local(op.kind) && span.end > span.met) {
    row.transfers[op.category].push_back({span.met, span.end});
  }
}

void StepTimeline::on_marker(Row& row, const sim::Span& span, const sim::Marker& marker) {
  if (marker.kind == sim::Marker::Kind::action_begin) row.action_start = span.start;
  if (marker.kind == sim::Marker::Kind::action_end)
    row.actions.push_back({row.action_start, span.end, marker.action, marker.chunk, marker.micro_batch});
}

std::vector<StepTimeline::Busy> StepTimeline::transfers(RankId rank, sim::Category category, Duration gap) const {
  const auto found = rows_.at(rank).transfers.find(category);
  if (found == rows_.at(rank).transfers.end()) return {};
  std::vector<Busy> all = found->second;
  std::sort(all.begin(), all.end(), [](const Busy& a, const Busy& b) { return a.start < b.start; });
  std::vector<Busy> merged;
  for (const Busy& busy : all) {
    if (!merged.empty() && busy.start <= merged.back().end + gap) {
      merged.back().end = std::max(merged.back().end, busy.end);
    } else {
      merged.push_back(busy);
    }
  }
  return merged;
}

}  // namespace orrery::report

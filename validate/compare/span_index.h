#pragma once

#include <vector>

#include "sim/trace/trace.h"
#include "sim/workload.h"

namespace orrery::validate {

// Spans of a whole trace by where their ops stand. The sends and receives of a
// group are joined: all are met with the first and end with the last.
class SpanIndex {
 public:
  SpanIndex(const sim::Workload& workload, const std::vector<sim::Span>& spans);

  const sim::Workload& workload() const { return workload_; }
  const sim::Program& program(RankId rank) const { return workload_.programs[workload_.program_of[rank]]; }
  const sim::Op& op(const sim::Span& span) const { return program(span.rank).streams[span.stream].ops[span.op]; }
  const sim::Note& note(const sim::Span& span) const { return program(span.rank).streams[span.stream].notes[span.op]; }

  // In the order of the program, step after step.
  const std::vector<sim::Span>& stream(RankId rank, sim::StreamIndex stream) const { return spans_[rank][stream]; }
  std::size_t streams(RankId rank) const { return spans_[rank].size(); }
  // Null when the trace has no such op.
  const sim::Span* find(RankId rank, sim::StreamIndex stream, std::uint32_t step, sim::OpIndex op) const;

 private:
  void join_groups(std::vector<sim::Span>& stream) const;

  const sim::Workload& workload_;
  IdVector<RankId, std::vector<std::vector<sim::Span>>> spans_;
};

}  // namespace orrery::validate

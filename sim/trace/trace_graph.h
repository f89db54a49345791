#pragma once

#include <cstdint>
#include <vector>

#include "sim/trace/trace.h"
#include "sim/workload.h"

namespace orrery::sim {

// A trace as a graph: which spans a span had to wait for, and with whom it met.
// Spans are numbered as in the trace. Ops that a source appended are not in the
// programs and take no part.
class TraceGraph {
 public:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  // Both must outlive the graph.
  TraceGraph(const Workload& workload, const std::vector<Span>& spans);

  const std::vector<Span>& spans() const { return spans_; }
  const Op& op_of(std::uint32_t span) const;
  // kNone where the trace has no such span.
  std::uint32_t find(RankId rank, StreamIndex stream, std::uint32_t step, OpIndex op) const;

  // What had to be over before the span's op could start: the op before it in its
  // stream (before its group, if it is in one) and its own dependency. Appends.
  void causes(std::uint32_t span, std::vector<std::uint32_t>& to) const;
  // The spans of the sends and receives grouped with it, and itself. Appends.
  void group(std::uint32_t span, std::vector<std::uint32_t>& to) const;

  // The transfer that a span took part in; kNone for ops that meet nobody.
  std::uint32_t meeting_of(std::uint32_t span) const { return meeting_of_[span]; }
  std::size_t meetings() const { return participants_.size(); }
  const std::vector<std::uint32_t>& participants(std::uint32_t meeting) const { return participants_[meeting]; }

 private:
  struct Extent {
    OpIndex first = 0, end = 0;
  };
  const Program& program_of(RankId rank) const { return workload_.programs[workload_.program_of[rank]]; }
  const std::vector<Op>& ops_of(const Span& span) const { return program_of(span.rank).streams[span.stream].ops; }
  Extent group_of(const Span& span) const;
  void index_spans();
  void find_meetings();

  const Workload& workload_;
  const std::vector<Span>& spans_;
  std::vector<std::uint32_t> first_stream_;  // by rank, into first_op_
  std::vector<std::size_t> first_op_;        // by stream, into span_of_
  std::vector<std::uint32_t> span_of_;       // by step and op
  std::vector<std::uint32_t> meeting_of_;
  std::vector<std::vector<std::uint32_t>> participants_;
};

}  // namespace orrery::sim

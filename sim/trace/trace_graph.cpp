#include "sim/trace/trace_graph.h"

#include <map>
#include <tuple>

#include "sim/check/parts.h"

namespace orrery::sim {

TraceGraph::TraceGraph(const Workload& workload, const std::vector<Span>& spans) : workload_(workload), spans_(spans) {
  index_spans();
  find_meetings();
}

const Op& TraceGraph::op_of(std::uint32_t span) const {
  return ops_of(spans_[span])[spans_[span].op];
}

void TraceGraph::index_spans() {
  std::size_t places = 0;
  for (std::uint32_t r = 0; r < workload_.ranks(); ++r) {
    first_stream_.push_back(static_cast<std::uint32_t>(first_op_.size()));
    for (const Stream& stream : program_of({r}).streams) {
      first_op_.push_back(places);
      places += stream.ops.size() * static_cast<std::size_t>(workload_.steps);
    }
  }
  span_of_.assign(places, kNone);
  for (std::uint32_t i = 0; i < spans_.size(); ++i) {
    const Span& span = spans_[i];
    if (span.op >= ops_of(span).size() || span.step >= workload_.steps) continue;
    const std::size_t first = first_op_[first_stream_[span.rank.value] + span.stream];
    span_of_[first + span.step * ops_of(span).size() + span.op] = i;
  }
}

std::uint32_t TraceGraph::find(RankId rank, StreamIndex stream, std::uint32_t step, OpIndex op) const {
  const std::size_t ops = program_of(rank).streams[stream].ops.size();
  if (op >= ops || step >= static_cast<std::uint32_t>(workload_.steps)) return kNone;
  return span_of_[first_op_[first_stream_[rank.value] + stream] + step * ops + op];
}

// The k-th collective of a rank in a group and stream meets the k-th of the
// others; sends and receives match in order within sender, receiver and tag. Spans
// come in order of their end per stream, so counting finds them.
void TraceGraph::find_meetings() {
  enum { kCollective, kPair };
  using Where =
      std::tuple<int, std::uint32_t, std::uint32_t, std::uint32_t>;   // a communicator, or a pair of ranks and a tag
  std::map<std::pair<Where, std::uint32_t>, std::uint32_t> counters;  // and the side: rank, or sender or receiver
  std::map<std::pair<Where, std::uint32_t>, std::uint32_t> known;     // and the number in order
  meeting_of_.assign(spans_.size(), kNone);
  for (std::uint32_t i = 0; i < spans_.size(); ++i) {
    const Span& span = spans_[i];
    if (span.op >= ops_of(span).size()) continue;
    const Op& op = op_of(i);
    if (op.kind != OpKind::collective && !is_pair(op.kind)) continue;
    const Transfer& transfer = program_of(span.rank).transfers[static_cast<std::size_t>(op.payload)];
    Where where;
    std::uint32_t side = 0;
    if (op.kind == OpKind::collective) {
      where = {kCollective, workload_.group_roles[transfer.role].group_of[span.rank].value, span.stream, 0};
      side = span.rank.value;
    } else {
      const std::uint32_t peer = workload_.peer_roles[transfer.role].peer_of[span.rank].value;
      side = op.kind == OpKind::send ? 0 : 1;
      where = side == 0 ? Where{kPair, span.rank.value, peer, transfer.tag}
                        : Where{kPair, peer, span.rank.value, transfer.tag};
    }
    const std::uint32_t number = counters[{where, side}]++;
    const auto next = static_cast<std::uint32_t>(participants_.size());
    const auto [at, is_new] = known.try_emplace({where, number}, next);
    if (is_new) participants_.emplace_back();
    meeting_of_[i] = at->second;
    participants_[at->second].push_back(i);
  }
}

TraceGraph::Extent TraceGraph::group_of(const Span& span) const {
  const std::vector<Op>& ops = ops_of(span);
  OpIndex first = span.op;
  // Back over grouped ops and the waits among them, as far as a group reaches here.
  for (OpIndex before = first; before-- > 0;) {
    if (ops[before].kind == OpKind::wait) continue;
    if (!is_pair(ops[before].kind) || !ops[before].grouped_with_next()) break;
    first = before;
  }
  const OpIndex end = end_of_group(ops, first);
  if (end <= span.op) return {span.op, span.op + 1};
  return {first, end};
}

void TraceGraph::group(std::uint32_t index, std::vector<std::uint32_t>& to) const {
  const Span& span = spans_[index];
  if (!is_pair(op_of(index).kind)) return to.push_back(index);
  const Extent extent = group_of(span);
  for (OpIndex op = extent.first; op < extent.end; ++op) {
    const std::uint32_t member = find(span.rank, span.stream, span.step, op);
    if (member != kNone && is_pair(op_of(member).kind)) to.push_back(member);
  }
}

void TraceGraph::causes(std::uint32_t index, std::vector<std::uint32_t>& to) const {
  const Span& span = spans_[index];
  const auto add = [&](std::uint32_t cause) {
    if (cause != kNone) to.push_back(cause);
  };
  const Op& op = op_of(index);
  const bool grouped = is_pair(op.kind) || op.kind == OpKind::wait;
  const OpIndex first = grouped ? group_of(span).first : span.op;
  if (first > 0) {
    add(find(span.rank, span.stream, span.step, first - 1));
  } else if (span.step > 0) {
    add(find(span.rank, span.stream, span.step - 1u, static_cast<OpIndex>(ops_of(span).size() - 1)));
  }
  if (op.waits() && !op.on_previous_step()) add(find(span.rank, op.after_stream, span.step, op.after));
  if (op.waits() && op.on_previous_step() && span.step > 0)
    add(find(span.rank, op.after_stream, span.step - 1u, op.after));
}

}  // namespace orrery::sim

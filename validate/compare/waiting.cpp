// Puts every moment of a main stream in one place, from spans alone. While the
// stream is in an op, the op says where; in a gap it waits for another stream of
// its rank, and what that one does then says where, and so on.
#include "validate/compare/waiting.h"

#include <algorithm>

#include "sim/coalesce/coalesce.h"

namespace orrery::validate {
namespace {

class RankTimeOfSpans {
 public:
  RankTimeOfSpans(const SpanIndex& index, RankId rank) : index_(index), rank_(rank) {
    const std::size_t categories = index.workload().categories.size();
    time_.busy.resize(categories);
    time_.exposed.resize(categories);
    time_.late.resize(categories);
  }

  // What stream `s` did during [from, to); it then reached `next`, an op behind a gap.
  void look(sim::StreamIndex s, Time from, Time to) {
    const std::vector<sim::Span>& spans = index_.stream(rank_, s);
    auto span = std::partition_point(spans.begin(), spans.end(), [&](const sim::Span& x) { return x.end <= from; });
    for (; from < to && span != spans.end(); ++span) {
      if (span->start > from) gap(*span, from, std::min(span->start, to));
      from = std::max(from, span->start);
      if (span->end > from && from < to) in_op(*span, from, std::min(span->end, to));
      from = std::max(from, span->end);
    }
    if (from < to && s == sim::kMainStream) time_.bubble += to - from;  // run dry
  }

  sim::RankTime take() { return std::move(time_); }

 private:
  // Before `span` its stream waited for one op of another of the rank, or for
  // several, one after the other.
  void gap(const sim::Span& span, Time from, Time to) {
    const auto& ops = index_.program(rank_).streams[span.stream].ops;
    const sim::OpIndex end = sim::is_point_to_point(ops[span.op].kind) ? sim::group_end(ops, span.op) : span.op + 1;
    for (sim::OpIndex op = span.op; op < end && depth_ <= index_.streams(rank_); ++op) {
      const sim::Span* awaited = awaited_by(ops[op], span.step);
      const Time over = awaited != nullptr ? std::min(awaited->end, to) : from;
      if (over <= from) continue;
      ++depth_;
      look(ops[op].after_stream, from, over);
      --depth_;
      from = over;
    }
    if (from < to) time_.late[ops[span.op].category] += to - from;
  }

  const sim::Span* awaited_by(const sim::Op& op, std::uint32_t step) const {
    if (!op.waits() || (op.on_previous_step() && step == 0)) return nullptr;
    return index_.find(rank_, op.after_stream, step - (op.on_previous_step() ? 1 : 0), op.after);
  }

  void in_op(const sim::Span& span, Time from, Time to) {
    const sim::Op& op = index_.op(span);
    if (from < span.met) {
      const Time until = std::min(span.met, to);
      (waits_for_pipeline(op) ? time_.bubble : time_.late[op.category]) += until - from;
      from = until;
    }
    if (from < to) (depth_ == 0 ? time_.busy : time_.exposed)[op.category] += to - from;
  }

  bool waits_for_pipeline(const sim::Op& op) const {
    const sim::Workload& workload = index_.workload();
    if (op.kind != sim::OpKind::collective) return workload.categories[op.category].is_pipeline;
    const sim::Transfer& transfer = index_.program(rank_).transfers[static_cast<std::size_t>(op.payload)];
    return transfer.role < workload.group_roles.size() && workload.group_roles[transfer.role].crosses_pipeline;
  }

  const SpanIndex& index_;
  RankId rank_;
  sim::RankTime time_;
  std::size_t depth_ = 0;  // streams between the main stream and the one that is looked at
};

}  // namespace

sim::RankTime where_time_went(const SpanIndex& index, RankId rank, Time from, Time to) {
  RankTimeOfSpans of(index, rank);
  if (index.streams(rank) > 0) of.look(sim::kMainStream, from, to);
  return of.take();
}

}  // namespace orrery::validate

#include "sim/trace/critical_path.h"

#include <algorithm>

#include "sim/trace/trace_graph.h"

namespace orrery::sim {

namespace {

constexpr std::uint32_t kNone = TraceGraph::kNone;

// The step_end of each rank is the last op of its main stream: the latest in the trace.
std::uint32_t last_end(const Workload& workload, const TraceGraph& graph, std::uint32_t step) {
  std::uint32_t last = kNone;
  for (std::uint32_t r = 0; r < workload.ranks(); ++r) {
    const auto& streams = workload.programs[workload.program_of[{r}]].streams;
    if (streams.empty() || streams[kMainStream].ops.empty()) continue;
    const auto op = static_cast<OpIndex>(streams[kMainStream].ops.size() - 1);
    const std::uint32_t end = graph.find({r}, kMainStream, step, op);
    if (end != kNone && (last == kNone || graph.spans()[end].end > graph.spans()[last].end)) last = end;
  }
  return last;
}

// From the end of the step before to the end of the measured one.
struct MeasuredStep {
  std::uint32_t last = kNone;  // the span that ends it
  Time from, to;
};

MeasuredStep measured_step(const Workload& workload, const TraceGraph& graph) {
  MeasuredStep step;
  step.last = last_end(workload, graph, static_cast<std::uint32_t>(workload.steps - 1));
  if (step.last == kNone) return step;
  step.to = graph.spans()[step.last].end;
  if (workload.steps < 2) return step;
  const std::uint32_t before = last_end(workload, graph, static_cast<std::uint32_t>(workload.steps - 2));
  if (before != kNone) step.from = graph.spans()[before].end;
  return step;
}

class BackwardWalk {
 public:
  BackwardWalk(const TraceGraph& graph, CriticalPath& path) : graph_(graph), path_(path) {}

  void run(std::uint32_t last) {
    Time now = path_.to;
    std::uint32_t at = last;
    while (at != kNone && now > path_.from) {
      at = last_met_of_group(at);
      const Span& span = graph_.spans()[at];
      if (span.end < now) add(at, span.end, now, true);
      add(at, span.met, std::min(span.end, now), false);
      const std::uint32_t late = last_to_arrive(at);
      if (late == kNone) add(at, span.start, span.met, true);
      if (late != kNone) at = late;
      now = graph_.spans()[at].start;
      const std::uint32_t cause = cause_of_start(at);
      if (cause == kNone) add(at, path_.from, now, true);
      at = cause;
    }
    std::reverse(path_.segments.begin(), path_.segments.end());
  }

 private:
  void add(std::uint32_t at, Time from, Time to, bool waiting) {
    from = std::max(from, path_.from);
    if (from >= to) return;
    const Span& span = graph_.spans()[at];
    path_.segments.push_back({span.rank, span.stream, span.step, span.op, from, to, waiting});
    (waiting ? path_.unexplained : path_.by_category[graph_.op_of(at).category]) += to - from;
  }

  std::uint32_t last_met_of_group(std::uint32_t at) {
    scratch_.clear();
    graph_.group(at, scratch_);
    for (const std::uint32_t member : scratch_) {
      if (graph_.spans()[member].met > graph_.spans()[at].met) at = member;
    }
    return at;
  }

  // Who let the others wait; itself if it came last or meets nobody.
  std::uint32_t last_to_arrive(std::uint32_t at) const {
    const Span& span = graph_.spans()[at];
    if (span.start == span.met) return at;
    const std::uint32_t meeting = graph_.meeting_of(at);
    std::uint32_t late = kNone;
    for (const std::uint32_t other : graph_.participants(meeting)) {
      const Span& theirs = graph_.spans()[other];
      if (theirs.start == span.met && (late == kNone || theirs.rank < graph_.spans()[late].rank)) late = other;
    }
    return late;
  }

  // The first op of a stream of the first step starts by itself.
  std::uint32_t cause_of_start(std::uint32_t at) {
    scratch_.clear();
    std::vector<std::uint32_t> members;
    graph_.group(at, members);
    for (const std::uint32_t member : members) graph_.causes(member, scratch_);
    std::uint32_t cause = kNone;
    for (const std::uint32_t other : scratch_) {
      if (cause == kNone || graph_.spans()[other].end > graph_.spans()[cause].end) cause = other;
    }
    return cause;
  }

  const TraceGraph& graph_;
  CriticalPath& path_;
  std::vector<std::uint32_t> scratch_;
};

// From the last span to the first: a span is in the trace behind everything that
// it waited for, and what all participants of a meeting waited for before any of them.
class SlackPass {
 public:
  SlackPass(const TraceGraph& graph, Time to) : graph_(graph) {
    for (const Span& span : graph.spans()) slack_.push_back(std::max(Duration(), to - span.end));
    meeting_slack_.assign(graph.meetings(), Duration::ps(INT64_MAX));
    for (std::uint32_t m = 0; m < graph.meetings(); ++m) {
      open_.push_back(static_cast<std::uint32_t>(graph.participants(m).size()));
    }
  }

  std::vector<Duration> run() && {
    for (auto i = static_cast<std::uint32_t>(graph_.spans().size()); i-- > 0;) {
      const std::uint32_t meeting = graph_.meeting_of(i);
      if (meeting == kNone) {
        hand_back(i, slack_[i]);
        continue;
      }
      meeting_slack_[meeting] = std::min(meeting_slack_[meeting], slack_[i]);
      if (--open_[meeting] > 0) continue;
      for (const std::uint32_t who : graph_.participants(meeting)) {
        slack_[who] = meeting_slack_[meeting];
        hand_back(who, slack_[who] + (graph_.spans()[who].met - graph_.spans()[who].start));
      }
    }
    return std::move(slack_);
  }

 private:
  // The span may start later by `slack`; then so may end what it waited for, and more
  // by the time between the two.
  void hand_back(std::uint32_t span, Duration slack) {
    causes_.clear();
    graph_.causes(span, causes_);
    for (const std::uint32_t cause : causes_) {
      const Duration theirs = slack + (graph_.spans()[span].start - graph_.spans()[cause].end);
      members_.clear();
      graph_.group(cause, members_);
      for (const std::uint32_t member : members_) slack_[member] = std::min(slack_[member], theirs);
    }
  }

  const TraceGraph& graph_;
  std::vector<Duration> slack_;
  std::vector<Duration> meeting_slack_;
  std::vector<std::uint32_t> open_;
  std::vector<std::uint32_t> causes_, members_;
};

}  // namespace

CriticalPath critical_path(const Workload& workload, const Trace& trace) {
  CriticalPath path;
  path.by_category.resize(workload.categories.size());
  const TraceGraph graph(workload, trace.spans());
  const MeasuredStep step = measured_step(workload, graph);
  path.from = step.from;
  path.to = step.to;
  BackwardWalk(graph, path).run(step.last);
  return path;
}

std::vector<Duration> slack(const Workload& workload, const Trace& trace) {
  const TraceGraph graph(workload, trace.spans());
  const MeasuredStep step = measured_step(workload, graph);
  if (step.last == kNone) return {};
  return SlackPass(graph, step.to).run();
}

}  // namespace orrery::sim

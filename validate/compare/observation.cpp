#include "validate/compare/observation.h"

#include <algorithm>
#include <map>

#include "sim/coalesce/coalesce.h"
#include "validate/compare/span_index.h"
#include "validate/compare/waiting.h"

namespace orrery::validate {
namespace {

struct StepEnds {
  Time before, last;  // of the last step but one (the beginning, if there is none), and of the last
};

// When a rank's main stream was through with each step.
std::vector<Time> step_ends(const SpanIndex& index, RankId rank) {
  std::vector<Time> ends;
  if (index.streams(rank) == 0) return ends;
  for (const sim::Span& span : index.stream(rank, sim::kMainStream)) {
    if (span.step >= ends.size()) ends.resize(span.step + 1u);
    ends[span.step] = std::max(ends[span.step], span.end);
  }
  return ends;
}

// Whether the trace has where the step's main streams begin, and not only where they end.
bool is_whole(const SpanIndex& index, std::uint32_t step) {
  for (std::uint32_t r = 0; r < index.workload().ranks(); ++r)
    if (index.find({r}, sim::kMainStream, step, 0) == nullptr) return false;
  return true;
}

StepEnds last_step(const std::vector<Time>& ends) {
  if (ends.empty()) return {};
  return {ends.size() > 1 ? ends[ends.size() - 2] : Time(), ends.back()};
}

// Of equal times, frees of a stream stand where the program has them, and what
// other streams allocate then comes first: the peak is never told too low.
Bytes peak_of(const SpanIndex& index, RankId rank) {
  const sim::Program& program = index.program(rank);
  std::vector<std::pair<Time, std::int64_t>> changes;
  Bytes held;
  for (const std::uint32_t buffer : program.resident) held += program.buffers[buffer].bytes;
  for (std::size_t s = 0; s < index.streams(rank); ++s) {
    for (const sim::Span& span : index.stream(rank, static_cast<sim::StreamIndex>(s))) {
      const sim::Op& op = index.op(span);
      if (!sim::is_memory(op.kind)) continue;
      const std::int64_t bytes = program.buffers[static_cast<std::size_t>(op.payload)].bytes.n;
      changes.emplace_back(span.end, op.kind == sim::OpKind::allocate ? bytes : -bytes);
    }
  }
  std::stable_sort(changes.begin(), changes.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  Bytes peak = held;
  for (const auto& [when, bytes] : changes) {
    held += Bytes{bytes};
    peak = std::max(peak, held);
  }
  return peak;
}

std::string class_of(const SpanIndex& index, std::span<const models::Kernel> kernels, const sim::Span& span) {
  const sim::Op& op = index.op(span);
  if (op.kind != sim::OpKind::kernel) {
    const sim::Transfer& transfer = index.program(span.rank).transfers[static_cast<std::size_t>(op.payload)];
    if (transfer.kind != sim::TransferKind::point_to_point) return std::string(to_string(transfer.kind));
    return op.kind == sim::OpKind::send ? "send" : "receive";
  }
  const std::uint32_t kernel = index.note(span).kernel;
  if (kernel >= kernels.size()) return index.workload().categories[op.category].name + " (no kernel)";
  static constexpr const char* names[] = {"gemm", "attention", "memory-bound"};
  return names[kernels[kernel].shape.index()];
}

std::vector<ClassTime> class_times(const SpanIndex& index, std::span<const models::Kernel> kernels,
                                   const std::vector<sim::Span>& spans) {
  const int last = index.workload().steps - 1;
  std::map<std::string, ClassTime> classes;
  for (const sim::Span& span : spans) {
    if (span.step != last || !is_timed(index.op(span))) continue;
    ClassTime& of = classes[class_of(index, kernels, span)];
    of.time += span.end - span.met;
    ++of.count;
  }
  std::vector<ClassTime> list;
  for (auto& [name, of] : classes) list.push_back({name, of.time, of.count});
  return list;
}

}  // namespace

bool is_timed(const sim::Op& op) {
  return op.kind == sim::OpKind::kernel || !sim::is_local(op.kind);
}

Observation observe(const sim::Workload& workload, std::span<const models::Kernel> kernels,
                    const std::vector<sim::Span>& spans) {
  const SpanIndex index(workload, spans);
  Observation seen;
  std::vector<Time> latest;
  for (std::uint32_t r = 0; r < workload.ranks(); ++r) {
    const RankId rank{r};
    const std::vector<Time> ends = step_ends(index, rank);
    if (ends.size() > latest.size()) latest.resize(ends.size());
    for (std::size_t i = 0; i < ends.size(); ++i) latest[i] = std::max(latest[i], ends[i]);
    const StepEnds step = last_step(ends);
    seen.ranks.push_back(
        {step.last - step.before, where_time_went(index, rank, step.before, step.last), peak_of(index, rank)});
  }
  for (std::size_t i = 0; i < latest.size(); ++i)
    seen.steps.push_back(
        {latest[i] - (i == 0 ? Time() : latest[i - 1]), is_whole(index, static_cast<std::uint32_t>(i))});
  seen.classes = class_times(index, kernels, spans);
  return seen;
}

}  // namespace orrery::validate

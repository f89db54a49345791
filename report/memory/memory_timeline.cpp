#include "report/memory/memory_timeline.h"

#include <algorithm>
#include <tuple>

namespace orrery::report {
namespace {

Bytes resident_bytes(const sim::Program& program) {
  Bytes sum;
  for (const std::uint32_t buffer : program.resident) sum += program.buffers[buffer].bytes;
  return sum;
}

// Which slice a moment falls into; the end of the window belongs to the last.
std::size_t slice_of(Time when, Time from, Time to, int slices) {
  const auto length = static_cast<double>((to - from).count_ps());
  if (length <= 0) return 0;
  const double share = static_cast<double>((when - from).count_ps()) / length;
  return static_cast<std::size_t>(std::clamp(static_cast<int>(share * slices), 0, slices - 1));
}

}  // namespace

MemoryTimeline::MemoryTimeline(const sim::Workload& workload, const std::vector<RankId>& ranks) : workload_(workload) {
  for (const RankId rank : ranks) changes_[rank];
}

void MemoryTimeline::span(const sim::Span& span) {
  const sim::Program& program = workload_.programs[workload_.program_of[span.rank]];
  const sim::Op& op = program.streams[span.stream].ops[span.op];
  if (op.kind != sim::OpKind::allocate && op.kind != sim::OpKind::free) return;
  const Bytes bytes = program.buffers[static_cast<std::size_t>(op.payload)].bytes;
  changes_[span.rank].push_back({span.end, op.kind == sim::OpKind::allocate ? bytes : Bytes{-bytes.n}});
}

std::vector<Bytes> MemoryTimeline::levels(RankId rank, Time from, Time to, int slices) const {
  std::vector<Change> changes = changes_.at(rank);
  // Streams report side by side. At one instant what is freed comes first.
  std::stable_sort(changes.begin(), changes.end(), [](const Change& a, const Change& b) {
    return std::tuple(a.when, a.delta) < std::tuple(b.when, b.delta);
  });
  Bytes level = resident_bytes(workload_.programs[workload_.program_of[rank]]);
  std::vector<Bytes> highest(static_cast<std::size_t>(slices));
  std::size_t now = 0;
  for (const Change& change : changes) {
    if (change.when > to) break;
    if (change.when >= from) {
      // A level holds until the next change: carry it into every slice it spans.
      const std::size_t slice = slice_of(change.when, from, to, slices);
      for (; now <= slice; ++now) highest[now] = std::max(highest[now], level);
      now = slice;
    }
    level += change.delta;
    if (change.when >= from) highest[now] = std::max(highest[now], level);
  }
  for (; now < highest.size(); ++now) highest[now] = std::max(highest[now], level);
  return highest;
}

}  // namespace orrery::report

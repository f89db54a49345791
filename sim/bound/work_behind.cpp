#include "sim/bound/work_behind.h"

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "sim/coalesce/coalesce.h"
#include "sim/network/contention.h"

namespace orrery::sim {
namespace {

std::uint64_t collectives_in(const Block& block) {
  return static_cast<std::uint64_t>(
      std::count_if(block.ops.begin(), block.ops.end(), [](const Op& op) { return op.kind == OpKind::collective; }));
}

// The most that transfers can slow a kernel of the program by, and how long kernels can take then.
class SlowestKernels {
 public:
  SlowestKernels(const Workload& workload, const Program& program) {
    std::uint32_t at_once = 0;
    for (std::size_t s = 0; s < program.streams.size(); ++s) {
      const std::vector<Op>& ops = program.streams[s].ops;
      std::uint32_t together = 0;  // the most transfers of one op or group
      for (OpIndex i = 0; i < ops.size(); ++i) {
        if (ops[i].kind == OpKind::call) transfers_ += collectives_in(program.block_of(ops[i]));
        if (!is_transfer(ops[i].kind)) continue;
        ++transfers_;
        const OpIndex end = is_point_to_point(ops[i].kind) ? group_end(ops, i) : i + 1;
        together = std::max(together, end - i);
      }
      if (s != kMainStream) at_once += together;
    }
    for (const Claim& claim : workload.claims)
      for (std::size_t c = 0; c < permille_.size(); ++c)
        permille_[c] = std::max(permille_[c], at_once * claim.slowdown_permille[c]);
  }

  Duration time(const Op& kernel) const {
    return Duration::ps(slowed(kernel.payload, permille_[static_cast<std::size_t>(kernel.kernel_class())]));
  }
  // Work is counted in whole picoseconds whenever a transfer starts or ends: one of work and
  // one of time are lost at most.
  Duration rounding() const {
    const std::uint32_t most = *std::max_element(permille_.begin(), permille_.end());
    return Duration::ps(static_cast<std::int64_t>(2 * transfers_) * (3 + most / 1000));
  }

 private:
  std::array<std::uint32_t, kKernelClasses> permille_{};
  std::uint64_t transfers_ = 0;
};

// When ops are over at the latest, counted from when `from` of the main stream is.
class Latest {
 public:
  Latest(const Workload& workload, const Program& program, OpIndex from)
      : program_(program), slowest_(workload, program), streams_(program.streams.size()) {
    streams_[kMainStream].known = from + 1;
    for (OpIndex i = 0; i <= from; ++i) {
      const Op& op = program.streams[kMainStream].ops[i];
      if (!op.waits() || op.on_previous_step()) continue;
      OpIndex& known = streams_[op.after_stream].known;
      known = std::max(known, op.after + 1);
    }
  }

  std::optional<Duration> end_of_step() {
    const auto ops = static_cast<OpIndex>(program_.streams[kMainStream].ops.size());
    const std::optional<Duration> end = end_of(kMainStream, ops - 1);
    return end ? std::optional(*end + slowest_.rounding()) : std::nullopt;
  }

 private:
  struct Known {
    OpIndex known = 0;           // ops below are over by then
    std::vector<Duration> ends;  // of those behind
  };

  // A stream waits for ops that can run before it does: this comes to an end. Of a stream
  // that nobody has waited for, it is not known that it has begun the step.
  std::optional<Duration> end_of(StreamIndex stream, OpIndex op) {
    Known& s = streams_[stream];
    if (s.known == 0) return std::nullopt;
    while (s.known + s.ends.size() <= op) {
      const Op& next = program_.streams[stream].ops[s.known + s.ends.size()];
      if (!is_local(next.kind) || next.on_previous_step()) return std::nullopt;
      Duration end = s.ends.empty() ? Duration() : s.ends.back();
      if (next.waits()) {
        const std::optional<Duration> other = end_of(next.after_stream, next.after);
        if (!other) return std::nullopt;
        end = std::max(end, *other);
      }
      if (next.kind == OpKind::kernel) end += slowest_.time(next);
      if (next.kind == OpKind::call) {
        const Block& block = program_.block_of(next);
        if (collectives_in(block) > 0) return std::nullopt;
        for (const Op& inside : block.ops)
          if (inside.kind == OpKind::kernel) end += slowest_.time(inside);
      }
      s.ends.push_back(end);
    }
    return op < s.known ? Duration() : s.ends[op - s.known];
  }

  const Program& program_;
  SlowestKernels slowest_;
  std::vector<Known> streams_;
};

}  // namespace

Duration least_work_behind(const Workload& workload, RankId rank, OpIndex op) {
  const Program& program = workload.programs[workload.program_of[rank]];
  const std::span<const Op> ops = program.streams[kMainStream].ops;
  Duration sum;
  const auto add = [&sum](const Op& one) {
    if (one.kind == OpKind::kernel) sum += Duration::ps(one.payload);
  };
  for (const Op& behind : ops.subspan(op + 1)) {
    add(behind);
    if (behind.kind == OpKind::call)
      for (const Op& inside : program.block_of(behind).ops) add(inside);
  }
  return sum;
}

std::optional<Duration> most_work_behind(const Workload& workload, RankId rank, OpIndex op) {
  return Latest(workload, workload.programs[workload.program_of[rank]], op).end_of_step();
}

}  // namespace orrery::sim

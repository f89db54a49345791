#include "sim/leaps/walk/spending.h"

#include <algorithm>
#include <vector>

namespace orrery::sim {
namespace {

// Time that is over when an op of a side stream ends.
struct Exposed {
  StreamIndex stream = 0;
  std::uint32_t step = 0;
  OpIndex op = 0;
  Time from, to;
};

}  // namespace

// What the other stream runs meanwhile is exposed; where it waits itself, what it waits for is.
void Spending::expose(RankId id, const Legs::Wait& wait, Time from, Time to) {
  const LeapRank& rank = lines_.ranks()[id];
  std::vector<Exposed> open = {{wait.stream, rank.step - (wait.previous_step ? 1u : 0u), wait.op, from, to}};
  while (!open.empty()) {
    Exposed in = open.back();
    open.pop_back();
    const Track& track = rank.program->tracks[in.stream];
    const Op& op = track.ops()[in.op];
    const Time end = Lines::end_of(rank, in.stream, in.step, in.op), start = end - track.cost_of(in.op);
    const Time first = std::max(start, in.from), last = std::min(end, in.to);
    if (last > first) accounting_.exposed(id, op.category, last - first);
    if (start <= in.from) continue;
    const bool is_first = in.op == 0 && in.step == 0;
    Exposed before = in;
    before.step -= in.op == 0 ? 1 : 0;
    before.op = in.op == 0 ? track.size() - 1 : in.op - 1;
    before.to = is_first ? Time() : Lines::end_of(rank, in.stream, before.step, before.op);
    if (before.to < start)
      open.push_back({op.after_stream, in.step - (op.on_previous_step() ? 1u : 0u), op.after,
                      std::max(before.to, in.from), start});
    if (before.to > in.from) open.push_back(before);
  }
}

// Waiting for the last to come, or in progress with one of them at least.
void Spending::pass(RankId id, const Stop& stop) {
  const LeapRank& rank = lines_.ranks()[id];
  Time since = rank.now;
  for (const Passage& passage : rank.passages) {
    if (passage.met > since) {
      const bool pipeline = waits_for_pipeline(rank, stop);
      unclear_ |= !pipeline && rank.passages.size() > 1;  // who was waited for: the first to be met of one instant
      pipeline ? accounting_.bubble(id, since, passage.met)
               : accounting_.late(id, stop.category, since, passage.met, passage.bubble_from, passage.bubble_to);
      since = passage.met;
    }
    if (passage.end > since) accounting_.busy(id, stop.category, passage.end - since);
    since = std::max(since, passage.end);
  }
}

bool Spending::waits_for_pipeline(const LeapRank& rank, const Stop& stop) const {
  const Track& main = rank.program->main();
  const Op& op = main.ops()[main.legs().all()[stop.leg].begin];
  if (op.kind != OpKind::collective) return workload_.categories[op.category].is_pipeline;
  const Transfer& transfer = rank.program->program->transfer_of(op);
  return transfer.role < workload_.group_roles.size() && workload_.group_roles[transfer.role].crosses_pipeline;
}

}  // namespace orrery::sim

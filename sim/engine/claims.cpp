// Transfers slow the kernels beside them: claims come and go, and runs in progress
// are cut where their speed changes.
#include <algorithm>

#include "sim/engine/impl.h"

namespace orrery::sim {

// A transfer with a claim starts or ends on the rank of `s`.
void Engine::add_claim(StreamState& s, std::uint8_t claim, bool starts) {
  RankState& rank = rank_of(s);
  rank.speed = starts ? speeds_.plus(rank.speed, claim) : speeds_.minus(rank.speed, claim);
  const StreamState& main = sibling(s, kMainStream);
  if (main.status == StreamStatus::passing) return note_turn(main, claim, starts);
  for (const StreamIndex i : rank.flat->feeling) {
    StreamState& other = sibling(s, i);
    const bool runs = other.status == StreamStatus::running || other.status == StreamStatus::arriving;
    if (runs) change_speed(other, rank.speed);
  }
}

// Cuts a run at the op in progress and plans the rest of it at the new speed.
void Engine::change_speed(StreamState& s, SpeedIndex speed) {
  FlatStream& f = flat(s);
  const OpIndex op = op_in_progress(s);
  if (op == s.until) return;  // all done: its event is due now
  settle(s);
  leave_behind(s, op);
  const bool is_call = f.ops[op].kind == OpKind::call;
  if (is_call) leave_behind_inside(s);
  const KernelClass kernel_class = (is_call ? f.block_of(op).ops[s.inside] : f.ops[op]).kernel_class();
  const std::uint32_t before = speeds_.permille(s.speed, kernel_class), after = speeds_.permille(speed, kernel_class);
  if (before != after) {
    s.work_left -= std::min(s.work_left, work_done((now_ - s.mark).count_ps(), before));
    s.mark = now_;
  }
  s.first_end = s.mark + Duration::ps(slowed(s.work_left, after));
  if (is_call) s.first_end = s.first_end + Duration::ps(f.block_of(op).at(speed, speeds_).behind(s.inside));
  s.speed = speed;
  f.sums(speed, speeds_);
  const Time end = clock_of(s).end_of(s.until - 1);
  s.status == StreamStatus::arriving ? move_arrival(s, end) : schedule(s, end);
}

// Of the call at s.at, ops that are over: it goes on from the one in progress.
void Engine::leave_behind_inside(StreamState& s) {
  const FlatStream& f = flat(s);
  const FlatBlock& block = f.block_of(s.at);
  const FlatBlock::AtSpeed& times = block.at(s.speed);
  const RunClock clock = clock_of(s);
  OpIndex low = s.inside, high = block.size() - 1;  // the first op that ends after now lies in [low, high]
  while (low < high) {
    const OpIndex middle = low + (high - low) / 2;
    if (clock.end_inside(s.at, middle, times) > now_) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  if (low == s.inside) return;
  ledger_.pass_inside(RankId{s.rank}, s.index, s.step, f, clock, low);
  s.op_start = s.mark = clock.start_inside(s.at, low, times);
  s.inside = low;
  s.work_left = block.cost_of(low);
}

OpIndex Engine::op_in_progress(const StreamState& s) {
  const RunClock clock = clock_of(s);
  if (now_ < clock.first_end) return s.at;
  OpIndex low = s.at + 1, high = s.until;  // the first op that ends after now lies in [low, high]
  while (low < high) {
    const OpIndex middle = low + (high - low) / 2;
    if (clock.end_of(middle) > now_) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

}  // namespace orrery::sim

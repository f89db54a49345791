#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "sim/coalesce/flat_block.h"
#include "sim/network/contention.h"
#include "sim/program.h"

namespace orrery::sim {

// Ops that need nobody but their own rank: they can be run through in one go.
constexpr bool is_local(OpKind kind) {
  return kind == OpKind::kernel || kind == OpKind::allocate || kind == OpKind::free || kind == OpKind::marker ||
         kind == OpKind::wait || kind == OpKind::call;
}
constexpr bool is_point_to_point(OpKind kind) {
  return kind == OpKind::send || kind == OpKind::receive;
}

// The ops of streams, or of blocks.
template <class Part>
std::vector<std::span<const Op>> ops_of(std::span<const Part> parts) {
  std::vector<std::span<const Op>> ops;
  for (const Part& part : parts) ops.emplace_back(part.ops);
  return ops;
}

// One past the group of sends and receives that starts at `op`: it goes on behind
// each op that says so, and over waits in its middle.
OpIndex group_end(std::span<const Op> ops, OpIndex op);

// Whether a side stream only launches and waits, and nothing slows it: when its ops end is known once they start.
bool only_launches(std::span<const Op> ops, const Speeds& speeds);

// What lies ahead of an op, as far as the loop wants to know.
struct Ahead {
  OpIndex run_end = 0;       // one past the run that starts here
  OpIndex category_end = 0;  // one past the kernels of one category
  OpIndex next_action = 0;   // first action marker at or after
  OpIndex next_timed = 0;    // first op at or after that takes time, or action_end marker
};

struct RunClock;

// One stream of a program, prepared for the loop: found once, used by every rank
// of the program for every step.
//
// A run is a piece of the stream that nobody outside can tell from a single op:
// local ops of which only the first may wait, and only the last is waited for.
// It is one event; when things happened inside it follows from prefix sums of
// the kernels' costs. In a stream that nothing can slow (`on_time`, as the host that
// launches) any op may be waited for: whoever asks is told when it ends.
class FlatStream {
 public:
  // `awaited[i]`: another stream waits for op i. `memory_breaks`: allocations
  // must be met in the order of time, each at its own event. `blocks`: of the program, for its calls.
  FlatStream(std::span<const Op> ops, std::span<const char> awaited, const Program& program,
             std::span<FlatBlock* const> blocks, bool memory_breaks, bool on_time);

  OpIndex size() const { return static_cast<OpIndex>(ops.size()); }

  // No run goes beyond `op`.
  void break_before(OpIndex op);

  // Time that the kernels before each op take under `speed`: size() + 1 entries.
  const std::int64_t* sums(SpeedIndex speed, const Speeds& speeds) {
    if (speed >= sums_.size() || !sums_[speed].sum) add_sums(speed, speeds);
    return sums_[speed].sum.get();
  }
  // Precondition: asked for before.
  const std::int64_t* sums(SpeedIndex speed) const { return sums_[speed].sum.get(); }

  // Precondition: `op` is a call.
  FlatBlock& block_of(OpIndex op) const { return *blocks_[calls_[static_cast<std::size_t>(ops[op].payload)].block]; }

  // Of the op, at full speed: that of a kernel, or of what a call begins with; ps.
  std::int64_t work_of(OpIndex op) const {
    return ops[op].kind == OpKind::kernel ? ops[op].payload
           : ops[op].kind == OpKind::call ? block_of(op).cost_of(0)
                                          : 0;
  }

  // Whether the op is a kernel, or a call of some.
  bool has_kernels(OpIndex op) const {
    return ops[op].kind == OpKind::kernel || (ops[op].kind == OpKind::call && block_of(op).has_kernels);
  }

  // Tells of the time that kernels among ops [begin, end), of which the last end a run, take in a category. For long
  // runs sums are kept: all ranks of a program and all steps mostly ask for the same. Precondition: sums were asked
  // for.
  template <class Spend>
  void each_spent(SpeedIndex speed, OpIndex begin, OpIndex end, const Spend& spend) {
    constexpr OpIndex kShort = 24;
    if (end - begin <= kShort) return each_kernel(speed, begin, end, spend);
    RunSpent& of_run = sums_[speed].spent[end];
    if (of_run.begin != begin) add_up(speed, begin, end, of_run);
    for (const Spent& of : of_run.by_category) spend(of.category, of.time);
  }

  // When op `op` starts, or op `inside` of its block if it is a call. Precondition: it is not over in `clock`.
  Time start_of(OpIndex op, OpIndex inside, const RunClock& clock) const;

  std::span<const Op> ops;
  bool feels_claims = false;  // has kernels of which some claim changes the speed
  bool slows_others = false;  // its transfers can slow kernels: those of another stream, as its own waits for them
  bool on_time = false;
  std::vector<Ahead> ahead;  // size() + 1 entries
  // A run ends before the op for nothing but that it waits: where it need not wait, the run may go on.
  std::vector<char> only_waits;  // by op
  // Collectives that the end of a run leads straight into, and nobody waits for that end.
  std::vector<char> entered_ahead;  // by op

 private:
  void look_ahead(std::span<const char> awaited, const Program& program, bool memory_breaks);
  struct RunSpent {
    OpIndex begin = UINT32_MAX;
    std::vector<Spent> by_category;
  };
  struct Sums {
    std::unique_ptr<std::int64_t[]> sum;          // by op; null: not asked for yet
    std::unordered_map<OpIndex, RunSpent> spent;  // by the end of a run
  };

  // The same op by op.
  template <class Spend>
  void each_kernel(SpeedIndex speed, OpIndex begin, OpIndex end, const Spend& spend) const {
    const std::int64_t* const sum = sums_[speed].sum.get();
    for (OpIndex i = begin; i < end; ++i) {
      if (ops[i].kind == OpKind::kernel) spend(ops[i].category, Duration::ps(sum[i + 1] - sum[i]));
      if (ops[i].kind != OpKind::call) continue;
      for (const Spent& in : std::as_const(block_of(i)).at(speed).spent) spend(in.category, in.time);
    }
  }

  void add_sums(SpeedIndex speed, const Speeds& speeds);
  void add_up(SpeedIndex speed, OpIndex begin, OpIndex end, RunSpent& of_run) const;

  std::span<FlatBlock* const> blocks_;
  const Call* calls_;
  std::vector<Sums> sums_;  // by speed
};

// A program, or a piece appended to one, prepared for the loop. Refers to the
// ops it was made from.
struct FlatProgram {
  // `streams`: the ops of each. `blocks`: its own. `foresees`: streams may be on time.
  FlatProgram(const Program& program, std::span<const std::span<const Op>> streams, const Speeds& speeds,
              bool memory_breaks, bool foresees = false, std::vector<FlatBlock*> blocks = {});

  StreamIndex stream_count() const { return static_cast<StreamIndex>(streams.size()); }

  const Program* program;
  std::vector<FlatBlock*> blocks;  // streams refer to them: their place does not change
  std::vector<FlatStream> streams;
  std::vector<StreamIndex> feeling;  // streams that feel claims
};

// When the ops of a run in progress start and end.
struct RunClock {
  Time op_start;   // of op `at`; of a call, of what is in progress in it
  Time first_end;  // end of op `at`
  OpIndex at = 0;
  OpIndex inside = 0;  // of the call at `at`: the first op of its block that is not over
  SpeedIndex speed = kFullSpeed;
  const std::int64_t* sums = nullptr;
  // Of a stretch (stretch.h), from its start, instead of sums: kernels may wait in it.
  const std::int64_t* starts = nullptr;
  const std::int64_t* ends = nullptr;

  Time start_of(OpIndex op) const {
    if (starts) return op_start + Duration::ps(starts[op - at]);
    return op == at ? op_start : end_of(op - 1);
  }
  Time end_of(OpIndex op) const {
    if (ends) return op_start + Duration::ps(ends[op - at]);
    return first_end + Duration::ps(sums[op + 1] - sums[at + 1]);
  }
  // Of op `i` of the block of call `op`, which is not before `inside`.
  Time start_inside(OpIndex op, OpIndex i, const FlatBlock::AtSpeed& block) const {
    return op == at && i == inside ? op_start : end_of(op) - Duration::ps(block.from(i));
  }
  Time end_inside(OpIndex op, OpIndex i, const FlatBlock::AtSpeed& block) const {
    return end_of(op) - Duration::ps(block.behind(i));
  }
};

inline Time FlatStream::start_of(OpIndex op, OpIndex inside, const RunClock& clock) const {
  if (ops[op].kind != OpKind::call) return clock.start_of(op);
  return clock.start_inside(op, inside, std::as_const(block_of(op)).at(clock.speed));
}

}  // namespace orrery::sim

#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "sim/account/levels.h"
#include "sim/coalesce/coalesce.h"
#include "sim/run_result.h"
#include "sim/workload.h"

namespace orrery::sim {

// Memory of every rank over time, by cause; keeps the peak. What is resident is
// there from the start.
//
// Where all allocations of a program stand on one stream (the usual case), the
// ops that set records are known before the run (levels.h), and a run of ops asks
// whether it has passed the next of them. Otherwise allocations break runs
// (FlatProgram's memory_breaks) and are counted one by one as time passes.
class Ledger {
 public:
  using Places = IdVector<ProgramId, std::shared_ptr<const MemoryPlaces>>;
  static Places places_of(const Workload& workload);

  // `open_ended`: ops will be appended; everything is counted one by one.
  Ledger(const Workload& workload, bool open_ended) : Ledger(workload, open_ended, places_of(workload)) {}
  Ledger(const Workload& workload, bool open_ended, const Places& places);

  // Whether allocations of this program must be met one by one, in order of time.
  bool breaks_runs(ProgramId program) const { return plans_[program].stream == kNoStream; }

  // Ops [clock.at, end) of a stream have passed.
  void pass(RankId rank, StreamIndex stream, std::uint32_t step, const FlatStream& ops, const RunClock& clock,
            OpIndex end) {
    const Plan& plan = *plan_of_[rank];
    if (plan.stream == kNoStream) {
      if (is_memory(ops.ops[clock.at].kind)) count(rank, stream, clock.at, ops.ops[clock.at], clock.op_start);
      return;
    }
    if (plan.stream == stream) pass(rank, step, ops, clock, {end, 0});
  }
  // Of the call in progress, ops of its block before `end`.
  void pass_inside(RankId rank, StreamIndex stream, std::uint32_t step, const FlatStream& ops, const RunClock& clock,
                   OpIndex end) {
    if (plan_of_[rank]->stream == stream) pass(rank, step, ops, clock, {clock.at, end});
  }

  RankMemory summary(RankId rank) const;

  // The op that sets the last record of a rank in so many steps, and in which. Precondition: runs are not broken.
  struct Record {
    OpPlace place;
    std::uint32_t step = 0;
  };
  std::optional<Record> last_record(RankId rank, std::uint32_t steps) const;

  // How far a rank has come whose allocations all stand on one stream.
  struct Mark {
    Time when;
    OpPlace place;
    std::uint32_t step = 0, cursor = 0, cursor_step = 0;
    bool any = false;
  };
  const Mark& mark(RankId rank) const { return marks_[rank]; }
  void put_back(RankId rank, const Mark& mark) { marks_[rank] = mark; }

 private:
  struct Plan {
    const Program* program = nullptr;
    StreamIndex stream = 0;        // where all memory ops stand; kNoStream: on several
    std::optional<Levels> levels;  // along it
  };
  struct Counted {
    std::vector<Bytes> level;
    Bytes total;
    RankMemory peak;
  };

  RankMemory resident(const Program& program) const;
  void pass(RankId rank, std::uint32_t step, const FlatStream& ops, const RunClock& clock, OpPlace end) {
    Mark& mark = marks_[rank];
    const std::vector<OpPlace>& records = plan_of_[rank]->levels->records(step);
    if (mark.cursor_step != step) mark.cursor_step = step, mark.cursor = 0;
    for (; mark.cursor < records.size() && records[mark.cursor] < end; ++mark.cursor) {
      const OpPlace place = records[mark.cursor];
      mark.when = ops.start_of(place.op, place.inside, clock);
      mark.step = step, mark.place = place, mark.any = true;
    }
  }
  void count(RankId rank, StreamIndex stream, OpIndex index, const Op& op, Time now);

  std::size_t causes_;
  IdVector<ProgramId, Plan> plans_;
  IdVector<RankId, const Plan*> plan_of_;
  IdVector<RankId, Mark> marks_;
  IdVector<RankId, std::uint32_t> counted_of_;  // index into counted_
  std::vector<Counted> counted_;
};

}  // namespace orrery::sim

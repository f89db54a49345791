#pragma once

#include <memory>
#include <vector>

#include "sim/coalesce/coalesce.h"
#include "sim/run_result.h"
#include "sim/workload.h"

namespace orrery::sim {

// Memory of every rank over time, by cause; keeps the peak. What is resident is
// there from the start.
//
// Where all allocations of a program stand on one stream (the usual case), the
// level after each is known before the run: only the strict maxima so far can
// ever be the peak, they are listed once per program, and a run of ops asks
// whether it has passed the next of them. Otherwise allocations break runs
// (FlatProgram's memory_breaks) and are counted one by one as time passes.
class Ledger {
 public:
  // `open_ended`: ops will be appended; everything is counted one by one.
  Ledger(const Workload& workload, bool open_ended);

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
    if (plan.stream != stream) return;
    Mark& mark = marks_[rank];
    const std::vector<OpIndex>& records = step == 0 ? plan.first_step : plan.later_steps;
    if (mark.cursor_step != step) mark.cursor_step = step, mark.cursor = 0;
    for (; mark.cursor < records.size() && records[mark.cursor] < end; ++mark.cursor)
      mark.step = step, mark.op = records[mark.cursor], mark.when = clock.start_of(mark.op), mark.any = true;
  }

  RankMemory summary(RankId rank) const;

  // How far a rank has come whose allocations all stand on one stream.
  struct Mark {
    Time when;
    OpIndex op = 0;
    std::uint32_t step = 0, cursor = 0, cursor_step = 0;
    bool any = false;
  };
  const Mark& mark(RankId rank) const { return marks_[rank]; }
  void put_back(RankId rank, const Mark& mark) { marks_[rank] = mark; }

 private:
  // Memory ops of one program.
  struct Change {
    std::int64_t bytes = 0;
    OpIndex op = 0;
    std::uint8_t cause = 0;
  };
  struct Plan {
    const Program* program = nullptr;
    StreamIndex stream = 0;            // where all memory ops stand; kNoStream: on several
    std::vector<Change> changes;       // what each of them adds to the level, in order
    std::vector<OpIndex> first_step;   // ops of the first step that set a record
    std::vector<OpIndex> later_steps;  // and of any later one: none unless a step leaves something behind
  };
  struct Counted {
    std::vector<Bytes> level;
    Bytes total;
    RankMemory peak;
  };

  RankMemory resident(const Program& program) const;
  static Plan plan(const Program& program);
  static void list_changes(const Stream& stream, Plan& plan);
  static void list_records(Plan& plan);
  void count(RankId rank, StreamIndex stream, OpIndex index, const Op& op, Time now);

  std::size_t causes_;
  IdVector<ProgramId, Plan> plans_;
  IdVector<RankId, const Plan*> plan_of_;
  IdVector<RankId, Mark> marks_;
  IdVector<RankId, std::uint32_t> counted_of_;  // index into counted_
  std::vector<Counted> counted_;
};

}  // namespace orrery::sim

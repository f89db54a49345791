#pragma once

#include <vector>

#include "sim/account/ledger.h"
#include "sim/coalesce/solo/solo_collectives.h"
#include "sim/leaps/legs/leap_program.h"
#include "sim/leaps/legs/leg_memory.h"
#include "sim/leaps/legs/track.h"
#include "sim/network/contention.h"
#include "sim/network/flow_net.h"
#include "sim/workload.h"

namespace orrery::sim {

// A program prepared for leaps. Refers to its workload.
struct TrackedProgram : LeapProgram {
  ProgramLegs legs;
  std::vector<std::int64_t> sums;  // as Track has them
  std::vector<Track> tracks;       // by stream
  std::vector<Spent> spent;        // by kernels of the main stream in one step

  const Track& main() const { return tracks[kMainStream]; }
  Duration cost_of(const Legs::Timed& ops) const { return Duration::ps(sums[ops.to] - sums[ops.from]); }
  using LeapProgram::cost_of;
};

// The programs of a workload, each prepared once.
class Tracks {
 public:
  // Whether the ranks of a workload can leap: beside the main stream, which has all that moves data or takes memory,
  // there are only launches that nothing slows; and it is small, for times of all ranks and steps are kept.
  static bool suit(const Workload& workload);

  // Precondition: suit(workload). `memory`: of alike programs; may be null.
  Tracks(const Workload& workload, const FlowNet& network, LegMemory* memory);

  const TrackedProgram& operator[](ProgramId program) const { return programs_[program]; }
  // What ranks have for themselves, as good as kernels here.
  const SoloCollectives& solo() const { return solo_; }
  const Ledger::Places& memory_places() const { return facts_.memory; }
  // Not if a call has collectives that meet others, so that calls have to be written out first; nor if
  // something waits for what is not there, or times would overflow.
  bool sound() const { return sound_; }

 private:
  // What hangs on no time.
  struct Facts {
    IdVector<ProgramId, std::uint64_t> forms;  // where there is a memory
    SoloCollectives::Uses uses;
    Ledger::Places memory;
  };
  static Facts facts_of(const Workload& workload, LegMemory* memory);

  TrackedProgram prepare(ProgramId id);
  void add_track(TrackedProgram& program, std::span<const Op> ops, const Legs& legs);

  const Workload& workload_;
  LegMemory* memory_;
  Speeds speeds_;
  Facts facts_;
  SoloCollectives solo_;
  LeapBlocks blocks_;
  IdVector<ProgramId, TrackedProgram> programs_;
  bool sound_ = true;
};

}  // namespace orrery::sim

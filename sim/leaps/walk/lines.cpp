#include "sim/leaps/walk/lines.h"

#include <utility>

namespace orrery::sim {

Lines::Lines(const Workload& workload, const Tracks& tracks) {
  std::size_t legs = 0;
  for (const ProgramId program : workload.program_of) {
    LeapRank rank;
    rank.program = &tracks[program];
    for (const Track& track : rank.program->tracks) {
      Line& line = rank.lines.emplace_back();
      line.track = &track;
      line.legs = static_cast<std::uint32_t>(track.legs().all().size());
      line.first = line.here = legs;
      legs += line.legs * static_cast<std::size_t>(workload.steps);
    }
    ranks_.add(std::move(rank));
  }
  ends_.resize(legs);
}

}  // namespace orrery::sim

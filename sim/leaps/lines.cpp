#include "sim/leaps/lines.h"

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
      line.first = legs;
      legs += line.legs * static_cast<std::size_t>(workload.steps);
    }
    ranks_.add(std::move(rank));
  }
  ends_.resize(legs);
}

std::optional<Time> Lines::awaited(const LeapRank& rank, const Line& line, const Legs::Wait& wait) const {
  if (wait.previous_step && line.step == 0) return Time();
  const Line& other = rank.lines[wait.stream];
  const std::uint32_t step = line.step - (wait.previous_step ? 1 : 0);
  const bool is_over = other.step > step || (other.step == step && other.leg > wait.leg);
  if (!is_over) return std::nullopt;
  return ends_[place(other, step, wait.leg)] - other.track->behind(wait.op, wait.leg);
}

}  // namespace orrery::sim

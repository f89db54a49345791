#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "sim/leaps/legs/legs.h"

namespace orrery::sim {

// A leg of a program, with all that a rank needs to know to go through it. Ends of legs have places among those of the
// rank's step; below 0: of the step before.
struct Stop {
  std::uint32_t leg = 0;
  StreamIndex stream = 0;
  Category category = 0;        // of the first of its transfers
  std::uint16_t transfers = 0;  // 0: local ops
  std::int32_t before = 0;      // where its stream's leg before has ended,
  std::uint32_t end = 0;        // and where it ends itself
  Legs::Timed timed;
  std::uint32_t first_wait = 0, end_wait = 0;
  std::uint32_t first_mark = 0, end_mark = 0;
};

// All legs of a program's streams in an order in which each comes behind what it waits for in the same step, those of
// the main stream as early as that allows: so a rank can take its streams through a step one leg at a time.
class Itinerary {
 public:
  // None if some wait for each other. Precondition: what is waited for has been found.
  static std::optional<Itinerary> of(std::span<const Legs> streams);

  std::span<const Stop> stops() const { return stops_; }
  std::span<const Legs::Wait> waits() const { return waits_; }  // of each stop in turn
  std::span<const Legs::Mark> marks() const { return marks_; }  // likewise
  // Of all legs, in a step.
  std::uint32_t ends() const { return static_cast<std::uint32_t>(stops_.size()); }

 private:
  class Planner;

  std::vector<Stop> stops_;
  std::vector<Legs::Wait> waits_;
  std::vector<Legs::Mark> marks_;
};

}  // namespace orrery::sim

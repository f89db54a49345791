#pragma once

#include <vector>

#include "gui/model/ask/compare/difference.h"
#include "gui/model/ask/go_on.h"
#include "gui/model/ask/time/steps.h"
#include "gui/model/store/trace_model.h"

namespace orrery::gui {

class Alignment;

// Which tracks, counters and events of two traces are the same. Tracks by rank and name,
// what is left by what most of their time is (a profiler calls its streams otherwise than
// we do). Events of paired rows by name, class, micro-batch, chunk and step, as an alignment
// lays those on each other; of several alike the first is the first.
class Pairing {
 public:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  Pairing() = default;
  // What it has when it was told to give up is of no use.
  Pairing(const TraceModel& a, const TraceModel& b, const Alignment& alignment, const GoOn& go_on = {});

  // Of a track or counter of A that of B; kNone where there is none.
  std::uint32_t track_in_b(std::uint32_t track) const { return track_in_b_[track]; }
  std::uint32_t counter_in_b(std::uint32_t counter) const { return counter_in_b_[counter]; }
  const std::vector<std::uint32_t>& tracks_only_in_b() const { return tracks_only_in_b_; }

  EventRef in_b(EventRef of_a) const { return found(in_b_, of_a); }
  EventRef in_a(EventRef of_b) const { return found(in_a_, of_b); }
  // Of all events of a row of B; nothing where the row has no partner.
  const std::vector<Difference>& differences(std::uint32_t row_of_b) const { return differences_[row_of_b]; }
  Difference difference(EventRef of_b) const {
    return differences_[of_b.row].empty() ? kAlone : differences_[of_b.row][of_b.index];
  }
  std::uint64_t pairs() const { return pairs_; }

 private:
  // Of every event of a row where its partner is.
  struct Partners {
    std::uint32_t row = kNone;
    std::vector<std::uint32_t> index;  // by event; kNone
  };
  static EventRef found(const std::vector<Partners>& partners, EventRef event) {
    const Partners& row = partners[event.row];
    if (row.row == kNone || row.index[event.index] == kNone) return EventRef::none();
    return {row.row, row.index[event.index]};
  }

  void pair_events(const TraceModel& a, const TraceModel& b, const Alignment& alignment, Tally& tally);

  std::vector<std::uint32_t> track_in_b_, counter_in_b_, tracks_only_in_b_;
  std::vector<Partners> in_b_, in_a_;
  std::vector<std::vector<Difference>> differences_;
  std::uint64_t pairs_ = 0;
};

}  // namespace orrery::gui

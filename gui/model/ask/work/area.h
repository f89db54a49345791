#pragma once

#include <array>
#include <span>
#include <string>
#include <vector>

#include "gui/model/ask/go_on.h"
#include "gui/model/store/trace_model.h"

namespace orrery::gui {

// What lies within a stretch of time on some tracks.
struct AreaTotals {
  struct Name {
    std::uint32_t name;
    EventClass is;
    std::uint64_t count = 0;
    Ns time = 0;
    std::int64_t bytes = 0;  // moved, where the trace says
  };
  std::array<Ns, kEventClasses> by_class{};  // busy time, cut to the range, summed over tracks
  std::array<std::uint64_t, kEventClasses> count{};
  std::array<Ns, kEventClasses> exposed{};  // of transfers: no kernel ran on the rank meanwhile
  std::vector<Name> names;                  // the longest first
  std::uint64_t events = 0;
  std::uint32_t processes = 0;  // that have such a track
};

// Tracks that only name what others do (Track::is_overview) count when nothing
// else is asked for. Of no use where it was told to give up.
AreaTotals totals_of(const TraceModel& model, std::span<const std::uint32_t> tracks, TimeRange range,
                     const GoOn& go_on = {});
// Of all such tracks the names alone, which takes a tenth as long; told to someone who may give
// it up, and then it is of no use.
struct NameTotals {
  std::vector<AreaTotals::Name> names;  // the longest first
  std::uint32_t processes = 0;
};
NameTotals names_of(const TraceModel& model, TimeRange range, Tally& tally);

}  // namespace orrery::gui

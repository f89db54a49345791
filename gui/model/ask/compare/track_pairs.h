#pragma once

#include <vector>

#include "gui/model/ask/go_on.h"
#include "gui/model/store/trace_model.h"

namespace orrery::gui {

// Of every track of A that of B, by rank and name, and what is left by what most of its
// time is; UINT32_MAX where there is none.
std::vector<std::uint32_t> pair_tracks(const TraceModel& a, const TraceModel& b, Tally& tally);
// Of every counter, by rank and name.
std::vector<std::uint32_t> pair_counters(const TraceModel& a, const TraceModel& b);
// Tracks of B that are nobody's in such a list.
std::vector<std::uint32_t> left_out(const std::vector<std::uint32_t>& in_b, std::size_t tracks_of_b);

}  // namespace orrery::gui

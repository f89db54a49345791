#pragma once

#include <string>
#include <string_view>

#include "gui/model/store/trace_model.h"

namespace orrery::gui {

// What ranks can be grouped by: where they stand in the job.
enum class Grouping { none, node, stage, tp, dp, cp, ep };
// "pipeline stage", "TP coordinate".
std::string_view to_string(Grouping grouping);
// "stage", "TP": as far as a column of names has room.
std::string_view short_name(Grouping grouping);

// The group of a process: where it stands along that dimension.
inline constexpr std::uint32_t kElsewhere = UINT32_MAX;  // the trace does not say
std::uint32_t coordinate(const Process& process, Grouping grouping);

// Why the ranks of a trace cannot be grouped so; empty where they can.
std::string why_not_grouped(const TraceModel& model, Grouping grouping);

}  // namespace orrery::gui

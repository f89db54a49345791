#pragma once

#include "sim/workload.h"

namespace orrery::validate {

// Bytes of the largest transfer that is probed.
inline constexpr Bytes kLargestProbe{std::int64_t{1} << 30};

// Groups of 2, 4, 8… of so many ranks, and of all.
std::vector<std::size_t> probed_group_sizes(std::size_t ranks);

// Who meets whom when `ranks` processes are probed (transfers.cpp, interference.cpp), as a
// workload: what a transport makes its communicators and buffers from. It is not run.
sim::Workload probed_meetings(std::size_t ranks);

}  // namespace orrery::validate

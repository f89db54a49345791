#pragma once

#include <string>
#include <vector>

#include "sweep/store/store.h"

namespace orrery::report {

// Drawings of a sweep's points that ran, the best first; SVG whose classes a page gives colours to.

// "layout.tp 8, layout.pp 4": what a point has set.
std::string setting_of(const sweep::Row& row);

// Step time to the right, reserved memory upwards; the Pareto front joined by a line.
std::string scatter(const std::vector<const sweep::Row*>& points, const std::vector<const sweep::Row*>& front);

// An upright axis for each swept key that takes several values (its values one above the other),
// and for step, MFU and memory; a line through them for each point.
std::string parallel_coordinates(const std::vector<const sweep::Row*>& points, const std::vector<std::string>& axes);

}  // namespace orrery::report

#pragma once

#include <cstdint>
#include <functional>

#include "sim/base/result.h"
#include "sweep/space.h"

namespace orrery::cli {

// The faults that all points of `space` have, as far as a thousand of them tell: those of the file
// itself. A fault of a swept key stands where the section has that key.
Errors common_faults(const sweep::Space& space, const std::function<Errors(std::uint64_t point)>& faults_of);

}  // namespace orrery::cli

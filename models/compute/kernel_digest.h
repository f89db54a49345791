#pragma once

#include <cstdint>

#include "models/compute/kernel.h"

namespace orrery::models {

// A hash of a kernel's shape that is the same on every machine.
std::uint64_t digest_of(const Kernel& kernel);

}  // namespace orrery::models

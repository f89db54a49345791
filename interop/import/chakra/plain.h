#pragma once

#include "interop/import/chakra/read/world.h"
#include "interop/import/import.h"

namespace orrery::interop::chakra {

// What to ask in place of a scenario, where a trace holds no compute: its collectives as
// command lines of `orrery collective`.
Error without_compute(const World& world, const ImportOptions& options);

}  // namespace orrery::interop::chakra

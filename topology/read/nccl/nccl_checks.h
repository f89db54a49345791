#pragma once

#include "topology/read/nccl/nccl_system.h"

namespace orrery::topology {

// What a topology tells in two ways: CPUs and GPUs with one number, NVLinks whose
// ends do not exist or do not agree.
Errors check_nccl_system(const NcclSystem& system);

}  // namespace orrery::topology

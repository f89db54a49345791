#pragma once

#include "sim/base/result.h"

namespace orrery::validate {

// SMs of each of `ranks` equal partitions of a GPU: a multiple of what its
// architecture splits by (compute capability 9 and above: 8, at least 8; below: 2,
// at least 4; CUDA driver API, cuDevSmResourceSplitByCount). `asked`: so many, and the
// rest of the GPU stays idle; 0: all that there are. An error when there are too few.
Result<int> sm_share(int sms, int ranks, int compute_capability_major, int asked = 0);

}  // namespace orrery::validate

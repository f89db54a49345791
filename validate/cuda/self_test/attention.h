#pragma once

#include <vector>

#include "validate/cuda/faults.h"
#include "validate/self_test.h"

namespace orrery::validate {

// One head, forward and backward, against double precision; then the same head twice, dealt to two blocks:
// their gradient of keys and values is twice as large.
std::vector<SelfTestLine> check_attention(cuda::Faults& faults, int dim, int value_dim);

}  // namespace orrery::validate

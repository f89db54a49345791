#pragma once

#include "models/compute/kernel.h"
#include "sim/base/result.h"

namespace orrery::validate {

// The heads that our attention kernels have, and bytes of the tensors of a shape at them.
struct AttentionPlan {
  int dim = 0, value_dim = 0;
  std::int64_t q = 0, k = 0, v = 0, o = 0;  // bytes; of gradients the same
  std::int64_t row_figures = 0;             // bytes of one float a query and head
};

// The next heads at or above those of `shape`. An error for what is not run: number
// formats but bf16 and fp16 (which run as bf16: the same work), wider heads.
Result<AttentionPlan> attention_plan(const models::AttentionShape& shape);

// Among how many blocks the backward pass deals the query heads that share a key head: as few as
// leave none of `sms` without one.
int parts_of_group(const models::AttentionShape& shape, int sms);

}  // namespace orrery::validate

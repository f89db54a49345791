#pragma once

#include <vector>

#include "models/architecture/layer/transformer_layer.h"
#include "models/layout/context_split.h"

namespace orrery::models {

// The flash attention core of one rank, split over context-parallel ranks.
// Internal to this room.

// Queries of this rank against a stretch of keys: one kernel.
struct AttentionBlock {
  std::int64_t queries = 0, keys = 0;
  bool causal = true;  // the last query meets the last key
};

// The blocks of a document of `length` tokens at one rank of the ring, in order.
// In a ring of zigzag pieces each block but the first is half of a square; in a
// plain one a rank meets the whole of every piece before its own, and nothing
// behind it: an empty block. Over the ranks they add up to the causal triangle.
std::vector<AttentionBlock> attention_blocks(const ContextSplit& split, std::int64_t length, int rank_in_ring);

void flash_forward(const LayerContext& context, StepList& list);
void flash_backward(const LayerContext& context, StepList& list);

// Bytes of this rank's keys and values as the core keeps them, for all its tokens.
Bytes core_keys_and_values(const LayerContext& context);

// Tensors beside those that are kept while the core runs: pieces of keys and
// values on their way, or all of them gathered.
Bytes context_forward_set(const LayerContext& context);
Bytes context_backward_set(const LayerContext& context);

}  // namespace orrery::models

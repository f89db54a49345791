#pragma once

// Attention in the manner of FlashAttention (Dao et al. 2022, 2023): scores live in
// registers, a row's maximum and sum are kept while key tiles go by, and the backward
// pass makes scores again from the saved logarithm of each row's sum. bf16 in and out,
// fp32 between. Tensors are [batch, tokens, heads, dim].
//
// A query at i sees keys j <= i + keys - queries when causal, and of those the last
// `window` when that is not 0.

#include "validate/cuda/kernels/attention/forward.h"
#include "validate/cuda/kernels/attention/key_gradient.h"
#include "validate/cuda/kernels/attention/query_gradient.h"

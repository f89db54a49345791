#pragma once

#include "validate/cuda/kernels/attention/tensors.h"

namespace orrery::validate::cuda {

// delta: one warp a row of one head. Blocks in x take rows, those in y (batch, head).
template <int kValueDim>
ORRERY_KERNEL void attention_delta(AttentionTensors t) {
  const HeadAt at(t, static_cast<int>(block_y()));
  const int row = static_cast<int>(block_x() * (threads() / 32) + thread_x() / 32);
  if (row >= t.queries) return;
  const long long begin = (at.row0(t.queries, t.heads, at.head) + static_cast<long long>(row) * t.heads) * kValueDim;
  const auto* o = reinterpret_cast<const std::uint32_t*>(t.o + begin);
  const auto* d_o = reinterpret_cast<const std::uint32_t*>(t.d_o + begin);
  float sum = 0;
  for (int i = static_cast<int>(thread_x() % 32); i < kValueDim / 2; i += 32)
    sum += low_bf16(o[i]) * low_bf16(d_o[i]) + high_bf16(o[i]) * high_bf16(d_o[i]);
  for (int mask = 16; mask > 0; mask /= 2) sum += shuffle_xor(sum, mask);
  if (thread_x() % 32 == 0) t.delta[static_cast<long long>(block_y()) * t.queries + row] = sum;
}

// dS from scores, dP and a row's figures; P goes back into s. `scale` is to base 2.
ORRERY_DEVICE void score_gradient(float& s, float& dp, bool seen, float scale, float log_sum, float delta) {
  s = seen ? exp2_of(s * scale - log_sum) : 0.0f;
  dp = s * (dp - delta);
}

}  // namespace orrery::validate::cuda

#pragma once

#include "validate/cuda/kernels/attention/cut.h"
#include "validate/cuda/kernels/attention/tensors.h"

namespace orrery::validate::cuda {

// A pragma between two loops looks to the check like a wrong indentation.
// NOLINTBEGIN(readability-misleading-indentation)

// One tile of keys: scores to probabilities, with what earlier tiles gave shrunk to the
// new maximum. Scores are times `scale` to base 2 here and nowhere before.
template <bool kAllSeen, int kBands, int kTiles, int kValueTiles>
ORRERY_DEVICE void soften(Product<kBands, kTiles>& s, Product<kBands, kValueTiles>& o, Rows<kBands>& largest,
                          Rows<kBands>& sum, const Sight& sight, int query, int key, float scale) {
  ORRERY_UNROLL
  for (int band = 0; band < kBands; ++band) {
    float top[2] = {largest[band][0], largest[band][1]};
    ORRERY_UNROLL
    for (int n = 0; n < kTiles; ++n) ORRERY_UNROLL
    for (int e = 0; e < 4; ++e) {
      float& x = s[band][n][e];
      if (!kAllSeen && !sight.sees(query + 16 * band + row_of(e), key + column_of(n, e))) x = kLowest;
      top[e / 2] = top[e / 2] > x ? top[e / 2] : x;
    }
    ORRERY_UNROLL
    for (int half = 0; half < 2; ++half) {
      top[half] = largest_of_row(top[half]);
      const float shrink = exp2_of((largest[band][half] - top[half]) * scale);
      largest[band][half] = top[half];
      sum[band][half] *= shrink;
      ORRERY_UNROLL
      for (int n = 0; n < kValueTiles; ++n) o[band][n][2 * half] *= shrink, o[band][n][2 * half + 1] *= shrink;
      top[half] *= scale;
    }
    ORRERY_UNROLL
    for (int n = 0; n < kTiles; ++n) ORRERY_UNROLL
    for (int e = 0; e < 4; ++e) {
      float& x = s[band][n][e];
      const bool seen = kAllSeen || x > kLowest;
      x = seen ? exp2_of(x * scale - top[e / 2]) : 0.0f;
      sum[band][e / 2] += x;
    }
  }
}

template <int kDim, int kValueDim, class C>
constexpr int forward_shared_bytes() {
  return 2 * (C::kRows * kDim + 2 * C::kInner * (kDim + kValueDim));
}

// Blocks in x take (batch, head); those in y tiles of queries, the last (longest, when
// causal) first, so that no long one begins when others end.
template <int kDim, int kValueDim, class C, int kBlocksAnSm>
ORRERY_KERNEL void ORRERY_LAUNCH_BOUNDS(C::kThreads, kBlocksAnSm) attention_forward(AttentionTensors t) {
  constexpr int kQueries = C::kRows, kKeys = C::kInner, kBands = C::kBands;
  const HeadAt at(t, static_cast<int>(block_x()));
  const Sight sight(t);
  const int first = static_cast<int>(blocks_y() - 1 - block_y()) * kQueries;
  const int warp_row = static_cast<int>(thread_x()) / 32 * 16 * kBands;
  const long long q_stride = static_cast<long long>(t.heads) * kDim,
                  k_stride = static_cast<long long>(t.kv_heads) * kDim;
  const long long v_stride = static_cast<long long>(t.kv_heads) * kValueDim,
                  o_stride = static_cast<long long>(t.heads) * kValueDim;
  const Bf16* q = t.q + at.row0(t.queries, t.heads, at.head) * kDim;
  const Bf16* k = t.k + at.row0(t.keys, t.kv_heads, at.kv_head) * kDim;
  const Bf16* v = t.v + at.row0(t.keys, t.kv_heads, at.kv_head) * kValueDim;

  Bf16* shared = reinterpret_cast<Bf16*>(shared_bytes());
  const typename C::template Outer<kDim> q_tile{shared};
  Bf16* stages = shared + kQueries * kDim;
  const auto k_tile = [&](int stage) {
    return typename C::template Inner<kDim>{stages + stage * kKeys * (kDim + kValueDim)};
  };
  const auto v_tile = [&](int stage) {
    return typename C::template Inner<kValueDim>{k_tile(stage).base + kKeys * kDim};
  };
  const auto fetch = [&](int stage, int key) {
    fetch_rows<kKeys, C::kThreads>(k_tile(stage), k, k_stride, key, t.keys);
    fetch_rows<kKeys, C::kThreads>(v_tile(stage), v, v_stride, key, t.keys);
  };

  const int end = first + kQueries < t.queries ? first + kQueries : t.queries;
  const int begin_key = sight.first_key(first) / kKeys * kKeys, end_key = sight.last_key(end);
  fetch_rows<kQueries, C::kThreads>(q_tile, q, q_stride, first, t.queries);
  fetch(0, begin_key);
  commit_copies();

  const float scale = t.scale * kLog2E;
  Product<kBands, kValueDim / 8> o;
  Rows<kBands> largest, sum;
  ORRERY_UNROLL
  for (int i = 0; i < 2 * kBands; ++i) largest[i / 2][i % 2] = kLowest, sum[i / 2][i % 2] = 0;
  clear(o);
  int stage = 0;
  for (int key = begin_key; key < end_key; key += kKeys, stage ^= 1) {
    C::meet();
    if (key + kKeys < end_key) fetch(stage ^ 1, key + kKeys);
    commit_copies();

    Product<kBands, kKeys / 8> s;
    clear(s);
    multiply_rows<kDim>(s, q_tile, warp_row, k_tile(stage));
    const int query = first + warp_row;
    if (sight.sees_all(query, query + 16 * kBands, key, key + kKeys))
      soften<true>(s, o, largest, sum, sight, query, key, scale);
    else
      soften<false>(s, o, largest, sum, sight, query, key, scale);
    multiply_columns<kValueDim>(o, s, v_tile(stage));
  }
  wait_for_copies<0>();

  ORRERY_UNROLL
  for (int band = 0; band < kBands; ++band) {
    float inverse[2];
    ORRERY_UNROLL
    for (int half = 0; half < 2; ++half) {
      const float all = sum_of_row(sum[band][half]);
      inverse[half] = all > 0 ? 1.0f / all : 0.0f;
      const int query = first + warp_row + 16 * band + row_of(2 * half);
      if (thread_x() % 4 == 0 && query < t.queries)  // a query that sees nothing: no score comes near
        t.log_sum[static_cast<long long>(block_x()) * t.queries + query] =
            all > 0 ? largest[band][half] * scale + log2_of(all) : -kLowest;
    }
    store_rows(t.o + at.row0(t.queries, t.heads, at.head) * kValueDim, o_stride, first + warp_row + 16 * band,
               t.queries, o[band], inverse[0], inverse[1]);
  }
}

// NOLINTEND(readability-misleading-indentation)

}  // namespace orrery::validate::cuda

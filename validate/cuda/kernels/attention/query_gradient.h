#pragma once

#include <type_traits>

#include "validate/cuda/kernels/attention/cut.h"
#include "validate/cuda/kernels/attention/delta.h"

namespace orrery::validate::cuda {

// A pragma between two loops looks to the check like a wrong indentation.
// NOLINTBEGIN(readability-misleading-indentation)

template <int kDim, int kValueDim, class C>
constexpr int query_gradient_shared_bytes() {
  return 2 * (C::kRows + 2 * C::kInner) * (kDim + kValueDim);
}

// dQ: a warp has queries and all keys go by.
template <int kDim, int kValueDim, class C, int kBlocksAnSm>
ORRERY_KERNEL void ORRERY_LAUNCH_BOUNDS(C::kThreads, kBlocksAnSm) attention_query_gradient(AttentionTensors t) {
  constexpr int kQueries = C::kRows, kKeys = C::kInner, kBands = C::kBands;
  const HeadAt at(t, static_cast<int>(block_x()));
  const Sight sight(t);
  const int first = static_cast<int>(blocks_y() - 1 - block_y()) * kQueries;
  const int warp_row = static_cast<int>(thread_x()) / 32 * 16 * kBands;
  const long long q_stride = static_cast<long long>(t.heads) * kDim,
                  k_stride = static_cast<long long>(t.kv_heads) * kDim;
  const long long v_stride = static_cast<long long>(t.kv_heads) * kValueDim,
                  o_stride = static_cast<long long>(t.heads) * kValueDim;
  const Bf16* k = t.k + at.row0(t.keys, t.kv_heads, at.kv_head) * kDim;
  const Bf16* v = t.v + at.row0(t.keys, t.kv_heads, at.kv_head) * kValueDim;

  Bf16* shared = reinterpret_cast<Bf16*>(shared_bytes());
  const typename C::template Outer<kDim> q_tile{shared};
  const typename C::template Outer<kValueDim> do_tile{shared + kQueries * kDim};
  Bf16* stages = shared + kQueries * (kDim + kValueDim);
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
  fetch_rows<kQueries, C::kThreads>(q_tile, t.q + at.row0(t.queries, t.heads, at.head) * kDim, q_stride, first,
                                    t.queries);
  fetch_rows<kQueries, C::kThreads>(do_tile, t.d_o + at.row0(t.queries, t.heads, at.head) * kValueDim, o_stride, first,
                                    t.queries);
  fetch(0, begin_key);
  commit_copies();

  const float scale = t.scale * kLog2E;
  Rows<kBands> log_sum, delta;
  ORRERY_UNROLL
  for (int i = 0; i < 2 * kBands; ++i) {
    const int query = first + warp_row + 16 * (i / 2) + row_of(2 * (i % 2));
    const long long row = static_cast<long long>(block_x()) * t.queries + (query < t.queries ? query : 0);
    log_sum[i / 2][i % 2] = t.log_sum[row];
    delta[i / 2][i % 2] = t.delta[row];
  }

  Product<kBands, kDim / 8> dq;
  clear(dq);
  int stage = 0;
  for (int key = begin_key; key < end_key; key += kKeys, stage ^= 1) {
    C::meet();
    if (key + kKeys < end_key) fetch(stage ^ 1, key + kKeys);
    commit_copies();
    Product<kBands, kKeys / 8> s, dp;
    clear(s);
    clear(dp);
    multiply_rows<kDim>(s, q_tile, warp_row, k_tile(stage));
    multiply_rows<kValueDim>(dp, do_tile, warp_row, v_tile(stage));
    const int query = first + warp_row;
    const auto differentiate = [&](auto all_seen) {
      ORRERY_UNROLL
      for (int band = 0; band < kBands; ++band) ORRERY_UNROLL
      for (int n = 0; n < kKeys / 8; ++n) ORRERY_UNROLL
      for (int e = 0; e < 4; ++e) {
        const bool seen = decltype(all_seen)::value || sight.sees(query + 16 * band + row_of(e), key + column_of(n, e));
        score_gradient(s[band][n][e], dp[band][n][e], seen, scale, log_sum[band][e / 2], delta[band][e / 2]);
      }
    };
    if (sight.sees_all(query, query + 16 * kBands, key, key + kKeys))
      differentiate(std::true_type());
    else
      differentiate(std::false_type());
    multiply_columns<kDim>(dq, dp, k_tile(stage));
  }
  wait_for_copies<0>();
  ORRERY_UNROLL
  for (int band = 0; band < kBands; ++band)
    store_rows(t.dq + at.row0(t.queries, t.heads, at.head) * kDim, q_stride, first + warp_row + 16 * band, t.queries,
               dq[band], t.scale, t.scale);
}

// NOLINTEND(readability-misleading-indentation)

}  // namespace orrery::validate::cuda

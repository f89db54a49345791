#pragma once

#include <type_traits>

#include "validate/cuda/kernels/attention/cut.h"
#include "validate/cuda/kernels/attention/delta.h"

namespace orrery::validate::cuda {

// A pragma between two loops looks to the check like a wrong indentation.
// NOLINTBEGIN(readability-misleading-indentation)

template <int kDim, int kValueDim, class C>
constexpr int key_gradient_shared_bytes() {
  return 2 * (C::kRows + 2 * C::kInner) * (kDim + kValueDim) + 4 * 2 * 2 * C::kInner;
}

// dK and dV: a warp has keys, and the queries of all heads of a part that share them go by.
// Scores are made transposed, keys down and queries across, so that they are already
// what the products over queries take. Blocks in x take (part, batch, key head), those in y
// tiles of keys.
template <int kDim, int kValueDim, class C, int kBlocksAnSm>
ORRERY_KERNEL void ORRERY_LAUNCH_BOUNDS(C::kThreads, kBlocksAnSm) attention_key_gradient(AttentionTensors t) {
  constexpr int kKeys = C::kRows, kQueries = C::kInner, kBands = C::kBands;
  const int batches = static_cast<int>(blocks_x()) / (t.kv_heads * t.parts);
  const int kv_head = static_cast<int>(block_x()) % t.kv_heads,
            batch = static_cast<int>(block_x()) / t.kv_heads % batches;
  const int part = static_cast<int>(block_x()) / (t.kv_heads * batches);
  const int shared_by = t.heads / (t.kv_heads * t.parts);
  const int first_head = (kv_head * t.parts + part) * shared_by;
  const Sight sight(t);
  const int first = static_cast<int>(block_y()) * kKeys;
  const int warp_row = static_cast<int>(thread_x()) / 32 * 16 * kBands;
  const long long q_stride = static_cast<long long>(t.heads) * kDim,
                  k_stride = static_cast<long long>(t.kv_heads) * kDim;
  const long long v_stride = static_cast<long long>(t.kv_heads) * kValueDim,
                  o_stride = static_cast<long long>(t.heads) * kValueDim;
  const long long kv_row = static_cast<long long>(batch) * t.keys * t.kv_heads + kv_head;

  Bf16* shared = reinterpret_cast<Bf16*>(shared_bytes());
  const typename C::template Outer<kDim> k_tile{shared};
  const typename C::template Outer<kValueDim> v_tile{shared + kKeys * kDim};
  Bf16* stages = shared + kKeys * (kDim + kValueDim);
  float* figures = reinterpret_cast<float*>(stages + 2 * kQueries * (kDim + kValueDim));
  const auto q_tile = [&](int stage) {
    return typename C::template Inner<kDim>{stages + stage * kQueries * (kDim + kValueDim)};
  };
  const auto do_tile = [&](int stage) {
    return typename C::template Inner<kValueDim>{q_tile(stage).base + kQueries * kDim};
  };

  const int end = first + kKeys < t.keys ? first + kKeys : t.keys;
  const int begin_query = sight.first_query(first) / kQueries * kQueries, end_query = sight.last_query(end);
  const int tiles = end_query > begin_query ? (end_query - begin_query + kQueries - 1) / kQueries : 0;
  const int rounds = tiles * shared_by;
  // Round r is tile r % tiles of head r / tiles.
  const auto fetch = [&](int stage, int round) {
    const int head = first_head + round / tiles, query = begin_query + round % tiles * kQueries;
    const long long row = static_cast<long long>(batch) * t.queries * t.heads + head;
    fetch_rows<kQueries, C::kThreads>(q_tile(stage), t.q + row * kDim, q_stride, query, t.queries);
    fetch_rows<kQueries, C::kThreads>(do_tile(stage), t.d_o + row * kValueDim, o_stride, query, t.queries);
    for (int i = static_cast<int>(thread_x()); i < kQueries; i += C::kThreads) {
      const long long at =
          (static_cast<long long>(batch) * t.heads + head) * t.queries + (query + i < t.queries ? query + i : 0);
      figures[(2 * stage) * kQueries + i] = t.log_sum[at];
      figures[(2 * stage + 1) * kQueries + i] = t.delta[at];
    }
  };

  fetch_rows<kKeys, C::kThreads>(k_tile, t.k + kv_row * kDim, k_stride, first, t.keys);
  fetch_rows<kKeys, C::kThreads>(v_tile, t.v + kv_row * kValueDim, v_stride, first, t.keys);
  if (rounds > 0) fetch(0, 0);
  commit_copies();

  const float scale = t.scale * kLog2E;
  Product<kBands, kDim / 8> dk;
  Product<kBands, kValueDim / 8> dv;
  clear(dk);
  clear(dv);
  for (int round = 0; round < rounds; ++round) {
    const int stage = round % 2, query = begin_query + round % tiles * kQueries;
    C::meet();
    if (round + 1 < rounds) fetch(stage ^ 1, round + 1);
    commit_copies();
    Product<kBands, kQueries / 8> s, dp;
    clear(s);
    clear(dp);
    multiply_rows<kDim>(s, k_tile, warp_row, q_tile(stage));
    multiply_rows<kValueDim>(dp, v_tile, warp_row, do_tile(stage));
    const int key = first + warp_row;
    const auto differentiate = [&](auto all_seen) {
      ORRERY_UNROLL
      for (int band = 0; band < kBands; ++band) ORRERY_UNROLL
      for (int n = 0; n < kQueries / 8; ++n) ORRERY_UNROLL
      for (int e = 0; e < 4; ++e) {
        const int column = column_of(n, e);
        const bool seen = decltype(all_seen)::value || sight.sees(query + column, key + 16 * band + row_of(e));
        score_gradient(s[band][n][e], dp[band][n][e], seen, scale, figures[(2 * stage) * kQueries + column],
                       figures[(2 * stage + 1) * kQueries + column]);
      }
    };
    if (sight.sees_all(query, query + kQueries, key, key + 16 * kBands))
      differentiate(std::true_type());
    else
      differentiate(std::false_type());
    multiply_columns<kValueDim>(dv, s, do_tile(stage));
    multiply_columns<kDim>(dk, dp, q_tile(stage));
  }
  wait_for_copies<0>();
  const long long before = static_cast<long long>(part) * batches * t.keys * t.kv_heads;  // rows of other parts
  Bf16* dk_out = (t.parts > 1 ? t.dk_parts + before * kDim : t.dk) + kv_row * kDim;
  Bf16* dv_out = (t.parts > 1 ? t.dv_parts + before * kValueDim : t.dv) + kv_row * kValueDim;
  ORRERY_UNROLL
  for (int band = 0; band < kBands; ++band) {
    store_rows(dk_out, k_stride, first + warp_row + 16 * band, t.keys, dk[band], t.scale, t.scale);
    store_rows(dv_out, v_stride, first + warp_row + 16 * band, t.keys, dv[band], 1.0f, 1.0f);
  }
}

// NOLINTEND(readability-misleading-indentation)

// The sum of the parts of a gradient, two elements at a time.
ORRERY_KERNEL inline void attention_sum_parts(Bf16* sum, const Bf16* parts, int count, long long pairs) {
  auto* out = reinterpret_cast<std::uint32_t*>(sum);
  const auto* in = reinterpret_cast<const std::uint32_t*>(parts);
  const long long stride = static_cast<long long>(blocks_x()) * threads();
  for (long long i = static_cast<long long>(block_x()) * threads() + thread_x(); i < pairs; i += stride) {
    float low = 0, high = 0;
    for (int part = 0; part < count; ++part) {
      low += low_bf16(in[part * pairs + i]);
      high += high_bf16(in[part * pairs + i]);
    }
    out[i] = pack_bf16(low, high);
  }
}

}  // namespace orrery::validate::cuda

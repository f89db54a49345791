#pragma once

// Attention in the manner of FlashAttention (Dao et al. 2022, 2023): scores live in
// registers, a row's maximum and sum are kept while key tiles go by, and the backward
// pass makes scores again from the saved logarithm of each row's sum. bf16 in and out,
// fp32 between. Tensors are [batch, tokens, heads, dim].
//
// A query at i sees keys j <= i + keys - queries when causal, and of those the last
// `window` when that is not 0.

#include "validate/cuda/kernels/tiles.h"

namespace orrery::validate::cuda {

// A pragma between two loops looks to the check like a wrong indentation.
// NOLINTBEGIN(readability-misleading-indentation)

struct AttentionTensors {
  const Bf16 *q = nullptr, *k = nullptr, *v = nullptr;
  Bf16* o = nullptr;
  float* log_sum = nullptr;  // [batch, heads, queries], to base 2
  const Bf16* d_o = nullptr;
  float* delta = nullptr;  // [batch, heads, queries]: sum over dims of o d_o
  Bf16 *dq = nullptr, *dk = nullptr, *dv = nullptr;
  int queries = 0, keys = 0, heads = 0, kv_heads = 0;
  int window = 0;
  bool causal = true;
  float scale = 1;  // of scores
};

inline constexpr float kLog2E = 1.4426950408889634f;
inline constexpr float kLowest = -1.0e30f;  // less than any score, and differences are finite

// Which keys a query sees, and which queries a key.
struct Sight {
  int queries, keys, window;
  bool causal;

  ORRERY_DEVICE explicit Sight(const AttentionTensors& t)
      : queries(t.queries), keys(t.keys), window(t.window), causal(t.causal) {}
  ORRERY_DEVICE int position(int query) const { return query + keys - queries; }
  ORRERY_DEVICE bool sees(int query, int key) const {
    if (query >= queries || key >= keys) return false;
    const int at = position(query);
    return (!causal || key <= at) && (window == 0 || key > at - window);
  }
  ORRERY_DEVICE static int clamp(int x, int most) { return x < 0 ? 0 : x > most ? most : x; }
  // Keys [first, last) that queries [a, b) may see; queries that may see keys [a, b).
  ORRERY_DEVICE int first_key(int a) const { return window == 0 ? 0 : clamp(position(a) - window + 1, keys); }
  ORRERY_DEVICE int last_key(int b) const { return causal ? clamp(position(b - 1) + 1, keys) : keys; }
  ORRERY_DEVICE int first_query(int a) const { return causal ? clamp(a - (keys - queries), queries) : 0; }
  ORRERY_DEVICE int last_query(int b) const {
    return window == 0 ? queries : clamp(b - 1 + window - (keys - queries), queries);
  }
};

// Where the tensors of one (batch, head) begin, and how far rows lie apart.
struct HeadAt {
  int batch, head, kv_head;
  ORRERY_DEVICE HeadAt(const AttentionTensors& t, int index)
      : batch(index / t.heads), head(index % t.heads), kv_head(head / (t.heads / t.kv_heads)) {}
  ORRERY_DEVICE long long row0(int tokens, int heads, int which) const {
    return static_cast<long long>(batch) * tokens * heads + which;
  }
};

template <int kTiles>
ORRERY_DEVICE void clear(float (&x)[kTiles][4]) {
  ORRERY_UNROLL
  for (int t = 0; t < kTiles; ++t) ORRERY_UNROLL
  for (int e = 0; e < 4; ++e) x[t][e] = 0;
}

// Over the four lanes that share a row.
ORRERY_DEVICE float largest_of_row(float x) {
  const float y = shuffle_xor(x, 1);
  x = x > y ? x : y;
  const float z = shuffle_xor(x, 2);
  return x > z ? x : z;
}
ORRERY_DEVICE float sum_of_row(float x) {
  x += shuffle_xor(x, 1);
  return x + shuffle_xor(x, 2);
}

inline constexpr int kForwardKeys = 64;

template <int kDim, int kValueDim, int kWarps>
constexpr int forward_shared_bytes() {
  return 2 * (kWarps * 16 * kDim + 2 * kForwardKeys * (kDim + kValueDim));
}

// A warp has 16 queries. Blocks in x take tiles of queries, the last (longest, when
// causal) first; those in y (batch, head).
template <int kDim, int kValueDim, int kWarps>
ORRERY_KERNEL void ORRERY_LAUNCH_BOUNDS(kWarps * 32) attention_forward(AttentionTensors t) {
  constexpr int kQueries = kWarps * 16, kKeys = kForwardKeys;
  const HeadAt at(t, static_cast<int>(block_y()));
  const Sight sight(t);
  const int first = static_cast<int>(blocks_x() - 1 - block_x()) * kQueries;
  const int warp_row = static_cast<int>(thread_x()) / 32 * 16;
  const long long q_stride = static_cast<long long>(t.heads) * kDim,
                  k_stride = static_cast<long long>(t.kv_heads) * kDim;
  const long long v_stride = static_cast<long long>(t.kv_heads) * kValueDim,
                  o_stride = static_cast<long long>(t.heads) * kValueDim;
  const Bf16* q = t.q + at.row0(t.queries, t.heads, at.head) * kDim;
  const Bf16* k = t.k + at.row0(t.keys, t.kv_heads, at.kv_head) * kDim;
  const Bf16* v = t.v + at.row0(t.keys, t.kv_heads, at.kv_head) * kValueDim;

  Bf16* shared = reinterpret_cast<Bf16*>(shared_bytes());
  const Tile<kDim> q_tile{shared};
  Bf16* stages = shared + kQueries * kDim;
  const auto k_tile = [&](int stage) { return Tile<kDim>{stages + stage * kKeys * (kDim + kValueDim)}; };
  const auto v_tile = [&](int stage) { return Tile<kValueDim>{k_tile(stage).base + kKeys * kDim}; };
  const auto fetch = [&](int stage, int key) {
    k_tile(stage).template fetch<kKeys>(k, k_stride, key, t.keys);
    v_tile(stage).template fetch<kKeys>(v, v_stride, key, t.keys);
  };

  const int end = first + kQueries < t.queries ? first + kQueries : t.queries;
  const int begin_key = sight.first_key(first) / kKeys * kKeys, end_key = sight.last_key(end);
  q_tile.template fetch<kQueries>(q, q_stride, first, t.queries);
  fetch(0, begin_key);
  commit_copies();

  float o[kValueDim / 8][4], largest[2] = {kLowest, kLowest}, sum[2] = {0, 0};
  clear(o);
  int stage = 0;
  for (int key = begin_key; key < end_key; key += kKeys, stage ^= 1) {
    if (key + kKeys < end_key) fetch(stage ^ 1, key + kKeys);
    commit_copies();
    wait_for_copies<1>();
    sync_threads();

    float s[kKeys / 8][4];
    clear(s);
    multiply_rows<kDim, kKeys / 8>(s, q_tile, warp_row, k_tile(stage));
    float top[2] = {largest[0], largest[1]};
    ORRERY_UNROLL
    for (int n = 0; n < kKeys / 8; ++n) ORRERY_UNROLL
    for (int e = 0; e < 4; ++e) {
      const bool seen = sight.sees(first + warp_row + row_of(e), key + column_of(n, e));
      s[n][e] = seen ? s[n][e] * (t.scale * kLog2E) : kLowest;
      top[e / 2] = top[e / 2] > s[n][e] ? top[e / 2] : s[n][e];
    }
    ORRERY_UNROLL
    for (int half = 0; half < 2; ++half) {
      top[half] = largest_of_row(top[half]);
      const float shrink = exp2_of(largest[half] - top[half]);
      largest[half] = top[half];
      sum[half] *= shrink;
      ORRERY_UNROLL
      for (int n = 0; n < kValueDim / 8; ++n) o[n][2 * half] *= shrink, o[n][2 * half + 1] *= shrink;
    }
    ORRERY_UNROLL
    for (int n = 0; n < kKeys / 8; ++n) ORRERY_UNROLL
    for (int e = 0; e < 4; ++e) {
      s[n][e] = s[n][e] > kLowest ? exp2_of(s[n][e] - largest[e / 2]) : 0.0f;
      sum[e / 2] += s[n][e];
    }
    multiply_columns<kValueDim, kKeys / 8>(o, s, v_tile(stage));
    sync_threads();  // before the stage is filled again
  }
  wait_for_copies<0>();

  float scale[2];
  ORRERY_UNROLL
  for (int half = 0; half < 2; ++half) {
    sum[half] = sum_of_row(sum[half]);
    scale[half] = sum[half] > 0 ? 1.0f / sum[half] : 0.0f;
    const int query = first + warp_row + row_of(2 * half);
    if (thread_x() % 4 == 0 && query < t.queries)  // a query that sees nothing: no score comes near
      t.log_sum[static_cast<long long>(block_y()) * t.queries + query] =
          sum[half] > 0 ? largest[half] + log2_of(sum[half]) : -kLowest;
  }
  store_rows(t.o + at.row0(t.queries, t.heads, at.head) * kValueDim, o_stride, first + warp_row, t.queries, o, scale[0],
             scale[1]);
}

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

// dS from scores, dP and a row's figures; P goes back into s.
ORRERY_DEVICE void score_gradient(float& s, float& dp, bool seen, float scale, float log_sum, float delta) {
  s = seen ? exp2_of(s * (scale * kLog2E) - log_sum) : 0.0f;
  dp = s * (dp - delta);
}

template <int kDim, int kValueDim, int kWarps, int kKeys>
constexpr int query_gradient_shared_bytes() {
  return 2 * (kWarps * 16 + 2 * kKeys) * (kDim + kValueDim);
}

// dQ: a warp has 16 queries and all keys go by.
template <int kDim, int kValueDim, int kWarps, int kKeys>
ORRERY_KERNEL void ORRERY_LAUNCH_BOUNDS(kWarps * 32) attention_query_gradient(AttentionTensors t) {
  constexpr int kQueries = kWarps * 16;
  const HeadAt at(t, static_cast<int>(block_y()));
  const Sight sight(t);
  const int first = static_cast<int>(blocks_x() - 1 - block_x()) * kQueries;
  const int warp_row = static_cast<int>(thread_x()) / 32 * 16;
  const long long q_stride = static_cast<long long>(t.heads) * kDim,
                  k_stride = static_cast<long long>(t.kv_heads) * kDim;
  const long long v_stride = static_cast<long long>(t.kv_heads) * kValueDim,
                  o_stride = static_cast<long long>(t.heads) * kValueDim;
  const Bf16* k = t.k + at.row0(t.keys, t.kv_heads, at.kv_head) * kDim;
  const Bf16* v = t.v + at.row0(t.keys, t.kv_heads, at.kv_head) * kValueDim;

  Bf16* shared = reinterpret_cast<Bf16*>(shared_bytes());
  const Tile<kDim> q_tile{shared};
  const Tile<kValueDim> do_tile{shared + kQueries * kDim};
  Bf16* stages = shared + kQueries * (kDim + kValueDim);
  const auto k_tile = [&](int stage) { return Tile<kDim>{stages + stage * kKeys * (kDim + kValueDim)}; };
  const auto v_tile = [&](int stage) { return Tile<kValueDim>{k_tile(stage).base + kKeys * kDim}; };
  const auto fetch = [&](int stage, int key) {
    k_tile(stage).template fetch<kKeys>(k, k_stride, key, t.keys);
    v_tile(stage).template fetch<kKeys>(v, v_stride, key, t.keys);
  };

  const int end = first + kQueries < t.queries ? first + kQueries : t.queries;
  const int begin_key = sight.first_key(first) / kKeys * kKeys, end_key = sight.last_key(end);
  q_tile.template fetch<kQueries>(t.q + at.row0(t.queries, t.heads, at.head) * kDim, q_stride, first, t.queries);
  do_tile.template fetch<kQueries>(t.d_o + at.row0(t.queries, t.heads, at.head) * kValueDim, o_stride, first,
                                   t.queries);
  fetch(0, begin_key);
  commit_copies();

  float log_sum[2], delta[2];
  ORRERY_UNROLL
  for (int half = 0; half < 2; ++half) {
    const int query = first + warp_row + row_of(2 * half);
    const long long row = static_cast<long long>(block_y()) * t.queries + (query < t.queries ? query : 0);
    log_sum[half] = t.log_sum[row];
    delta[half] = t.delta[row];
  }

  float dq[kDim / 8][4];
  clear(dq);
  int stage = 0;
  for (int key = begin_key; key < end_key; key += kKeys, stage ^= 1) {
    if (key + kKeys < end_key) fetch(stage ^ 1, key + kKeys);
    commit_copies();
    wait_for_copies<1>();
    sync_threads();
    float s[kKeys / 8][4], dp[kKeys / 8][4];
    clear(s);
    clear(dp);
    multiply_rows<kDim, kKeys / 8>(s, q_tile, warp_row, k_tile(stage));
    multiply_rows<kValueDim, kKeys / 8>(dp, do_tile, warp_row, v_tile(stage));
    ORRERY_UNROLL
    for (int n = 0; n < kKeys / 8; ++n) ORRERY_UNROLL
    for (int e = 0; e < 4; ++e) {
      const bool seen = sight.sees(first + warp_row + row_of(e), key + column_of(n, e));
      score_gradient(s[n][e], dp[n][e], seen, t.scale, log_sum[e / 2], delta[e / 2]);
    }
    multiply_columns<kDim, kKeys / 8>(dq, dp, k_tile(stage));
    sync_threads();
  }
  wait_for_copies<0>();
  store_rows(t.dq + at.row0(t.queries, t.heads, at.head) * kDim, q_stride, first + warp_row, t.queries, dq, t.scale,
             t.scale);
}

template <int kDim, int kValueDim, int kWarps, int kQueries>
constexpr int key_gradient_shared_bytes() {
  return 2 * (kWarps * 16 + 2 * kQueries) * (kDim + kValueDim) + 4 * 2 * 2 * kQueries;
}

// dK and dV: a warp has 16 keys, and the queries of all heads that share them go by.
// Scores are made transposed, keys down and queries across, so that they are already
// what the products over queries take. Blocks in x take tiles of keys, those in y
// (batch, key head).
template <int kDim, int kValueDim, int kWarps, int kQueries>
ORRERY_KERNEL void ORRERY_LAUNCH_BOUNDS(kWarps * 32) attention_key_gradient(AttentionTensors t) {
  constexpr int kKeys = kWarps * 16;
  const int batch = static_cast<int>(block_y()) / t.kv_heads, kv_head = static_cast<int>(block_y()) % t.kv_heads;
  const int shared_by = t.heads / t.kv_heads;
  const Sight sight(t);
  const int first = static_cast<int>(block_x()) * kKeys;
  const int warp_row = static_cast<int>(thread_x()) / 32 * 16;
  const long long q_stride = static_cast<long long>(t.heads) * kDim,
                  k_stride = static_cast<long long>(t.kv_heads) * kDim;
  const long long v_stride = static_cast<long long>(t.kv_heads) * kValueDim,
                  o_stride = static_cast<long long>(t.heads) * kValueDim;
  const long long kv_row = static_cast<long long>(batch) * t.keys * t.kv_heads + kv_head;

  Bf16* shared = reinterpret_cast<Bf16*>(shared_bytes());
  const Tile<kDim> k_tile{shared};
  const Tile<kValueDim> v_tile{shared + kKeys * kDim};
  Bf16* stages = shared + kKeys * (kDim + kValueDim);
  float* figures = reinterpret_cast<float*>(stages + 2 * kQueries * (kDim + kValueDim));
  const auto q_tile = [&](int stage) { return Tile<kDim>{stages + stage * kQueries * (kDim + kValueDim)}; };
  const auto do_tile = [&](int stage) { return Tile<kValueDim>{q_tile(stage).base + kQueries * kDim}; };

  const int end = first + kKeys < t.keys ? first + kKeys : t.keys;
  const int begin_query = sight.first_query(first) / kQueries * kQueries, end_query = sight.last_query(end);
  const int tiles = end_query > begin_query ? (end_query - begin_query + kQueries - 1) / kQueries : 0;
  const int rounds = tiles * shared_by;
  // Round r is tile r % tiles of head r / tiles.
  const auto fetch = [&](int stage, int round) {
    const int head = kv_head * shared_by + round / tiles, query = begin_query + round % tiles * kQueries;
    const long long row = static_cast<long long>(batch) * t.queries * t.heads + head;
    q_tile(stage).template fetch<kQueries>(t.q + row * kDim, q_stride, query, t.queries);
    do_tile(stage).template fetch<kQueries>(t.d_o + row * kValueDim, o_stride, query, t.queries);
    for (int i = static_cast<int>(thread_x()); i < kQueries; i += static_cast<int>(threads())) {
      const long long at =
          (static_cast<long long>(batch) * t.heads + head) * t.queries + (query + i < t.queries ? query + i : 0);
      figures[(2 * stage) * kQueries + i] = t.log_sum[at];
      figures[(2 * stage + 1) * kQueries + i] = t.delta[at];
    }
  };

  k_tile.template fetch<kKeys>(t.k + kv_row * kDim, k_stride, first, t.keys);
  v_tile.template fetch<kKeys>(t.v + kv_row * kValueDim, v_stride, first, t.keys);
  if (rounds > 0) fetch(0, 0);
  commit_copies();

  float dk[kDim / 8][4], dv[kValueDim / 8][4];
  clear(dk);
  clear(dv);
  for (int round = 0; round < rounds; ++round) {
    const int stage = round % 2, query = begin_query + round % tiles * kQueries;
    if (round + 1 < rounds) fetch(stage ^ 1, round + 1);
    commit_copies();
    wait_for_copies<1>();
    sync_threads();
    float s[kQueries / 8][4], dp[kQueries / 8][4];
    clear(s);
    clear(dp);
    multiply_rows<kDim, kQueries / 8>(s, k_tile, warp_row, q_tile(stage));
    multiply_rows<kValueDim, kQueries / 8>(dp, v_tile, warp_row, do_tile(stage));
    ORRERY_UNROLL
    for (int n = 0; n < kQueries / 8; ++n) ORRERY_UNROLL
    for (int e = 0; e < 4; ++e) {
      const int column = column_of(n, e);
      const bool seen = sight.sees(query + column, first + warp_row + row_of(e));
      score_gradient(s[n][e], dp[n][e], seen, t.scale, figures[(2 * stage) * kQueries + column],
                     figures[(2 * stage + 1) * kQueries + column]);
    }
    multiply_columns<kValueDim, kQueries / 8>(dv, s, do_tile(stage));
    multiply_columns<kDim, kQueries / 8>(dk, dp, q_tile(stage));
    sync_threads();
  }
  wait_for_copies<0>();
  store_rows(t.dk + kv_row * kDim, k_stride, first + warp_row, t.keys, dk, t.scale, t.scale);
  store_rows(t.dv + kv_row * kValueDim, v_stride, first + warp_row, t.keys, dv, 1.0f, 1.0f);
}

// NOLINTEND(readability-misleading-indentation)

}  // namespace orrery::validate::cuda

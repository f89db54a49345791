#pragma once

// Attention in the manner of FlashAttention (Dao et al. 2022, 2023): scores live in
// registers, a row's maximum and sum are kept while key tiles go by, and the backward
// pass makes scores again from the saved logarithm of each row's sum. bf16 in and out,
// fp32 between. Tensors are [batch, tokens, heads, dim].
//
// A query at i sees keys j <= i + keys - queries when causal, and of those the last
// `window` when that is not 0.

#include <type_traits>

#include "validate/cuda/kernels/panels.h"

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
  // Query heads that share a key head are dealt to so many blocks, each with a sum of its own: [parts, batch, keys,
  // kv_heads, dim]. With one part that is the sum.
  int parts = 1;
  Bf16 *dk_parts = nullptr, *dv_parts = nullptr;
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
  // Whether each of queries [a, b) sees each of keys [c, d).
  ORRERY_DEVICE bool sees_all(int a, int b, int c, int d) const {
    return b <= queries && d <= keys && (!causal || d - 1 <= position(a)) &&
           (window == 0 || c > position(b - 1) - window);
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

// Whose products a kernel is made of: each warp's own, or those of four warps together.
struct Warps {
  template <int kWidth, int kRows>
  using Tile = cuda::Tile<kWidth>;
  ORRERY_DEVICE static void have_landed() {}
};
struct Warpgroups {
  template <int kWidth, int kRows>
  using Tile = Panels<kWidth, kRows>;
  ORRERY_DEVICE static void have_landed() { show_to_tensor_cores(); }
};

// How a kernel's work is cut: a block has kWarps warps, each of them kBands bands of 16
// rows; kInner rows of the other side go by at once.
template <int kWarps_, int kBands_, int kInner_, class Products = Warps>
struct Cut : Products {
  static constexpr int kWarps = kWarps_, kBands = kBands_, kInner = kInner_;
  static constexpr int kThreads = kWarps * 32, kRows = kWarps * kBands * 16;
  template <int kWidth>
  using Outer = typename Products::template Tile<kWidth, kRows>;
  template <int kWidth>
  using Inner = typename Products::template Tile<kWidth, kInner>;

  // What was fetched is there, for all; and nobody reads any more what was there before.
  ORRERY_DEVICE static void meet() {
    wait_for_copies<0>();
    Products::have_landed();
    sync_threads();
  }
};

// Rows of a warp's product that one lane has.
template <int kBands>
using Rows = float[kBands][2];

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

// NOLINTEND(readability-misleading-indentation)

}  // namespace orrery::validate::cuda

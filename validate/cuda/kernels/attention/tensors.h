#pragma once

#include "validate/cuda/kernels/simt.h"
#include "validate/cuda/kernels/tiles.h"

namespace orrery::validate::cuda {

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

}  // namespace orrery::validate::cuda

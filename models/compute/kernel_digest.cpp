#include "models/compute/kernel_digest.h"

#include "sim/base/digest.h"

namespace orrery::models {
namespace {

template <class... Fields>
std::uint64_t digest(Fields... fields) {
  Digest all;
  (all.add(static_cast<std::uint64_t>(fields)), ...);
  return all.value();
}

struct DigestOf {
  std::uint64_t operator()(const GemmShape& s) const {
    return digest(0, s.batch, s.m, s.n, s.k, s.dtype, s.role, s.accumulate);
  }
  std::uint64_t operator()(const AttentionShape& s) const {
    return digest(1, s.batch, s.queries, s.keys, s.heads, s.kv_heads, s.head_dim, s.value_dim, s.dtype, s.causal,
                  s.backward, s.window);
  }
  std::uint64_t operator()(const MemoryBoundShape& s) const {
    Digest all;
    all.add(2).add(static_cast<std::uint64_t>(s.bytes.n));
    for (const char c : s.family) all.add(static_cast<unsigned char>(c));
    return all.value();
  }
};

}  // namespace

std::uint64_t digest_of(const Kernel& kernel) {
  return std::visit(DigestOf{}, kernel.shape);
}

}  // namespace orrery::models

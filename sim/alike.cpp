#include "sim/alike.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <span>
#include <type_traits>
#include <vector>

namespace orrery::sim {
namespace {

bool same_sign(std::int64_t a, std::int64_t b) {
  return (a ^ b) >= 0;
}

// An op in two words: the second is its payload.
bool alike_ops(const Op& a, const Op& b) {
  using Words = std::array<std::uint64_t, 2>;
  if (std::bit_cast<Words>(a)[0] != std::bit_cast<Words>(b)[0]) return false;
  return a.payload == b.payload || (a.kind == OpKind::kernel && same_sign(a.payload, b.payload));
}

// Ops are mostly the same to the bit where none of them is a kernel.
bool alike_op_lists(const std::vector<Op>& a, const std::vector<Op>& b) {
  static_assert(std::has_unique_object_representations_v<Op>);
  if (a.size() != b.size()) return false;
  return a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(Op)) == 0 ||
         std::ranges::equal(a, b, alike_ops);
}

bool alike_streams(const Stream& a, const Stream& b) {
  return alike_op_lists(a.ops, b.ops);
}

bool alike_blocks(const Block& a, const Block& b) {
  return a.notes.size() == b.notes.size() && alike_op_lists(a.ops, b.ops);
}

bool alike_transfers(const Transfer& a, const Transfer& b) {
  return a.kind == b.kind && a.role == b.role && a.tag == b.tag && same_sign(a.bytes.n, b.bytes.n);
}

bool alike_buffers(const Buffer& a, const Buffer& b) {
  return a.cause == b.cause && a.parts == b.parts && same_sign(a.bytes.n, b.bytes.n);
}

bool alike_buffer_lists(const SharedList<Buffer>& a, const SharedList<Buffer>& b, const ListRepeats& repeats) {
  const auto holds = [&](std::size_t from, std::size_t to) {
    return std::equal(a.begin() + from, a.begin() + to, b.begin() + from, alike_buffers);
  };
  return a.size() == b.size() && repeats.all(holds, a.size(), std::span(a), std::span(b));
}

template <class T, class Alike>
bool alike_lists(const SharedList<T>& a, const SharedList<T>& b, const Alike& are_alike) {
  return a.data() == b.data() || std::ranges::equal(a, b, are_alike);
}

bool alike_block_lists(const SharedList<Block>& a, const SharedList<Block>& b, AlikeBlocks* known) {
  if (known && known->some.data() == a.data() && known->others.data() == b.data()) return true;
  if (!alike_lists(a, b, alike_blocks)) return false;
  if (known) *known = {a, b};
  return true;
}

}  // namespace

bool alike(const Program& a, const Program& b, const ListRepeats& buffers, AlikeBlocks* blocks) {
  return alike_lists(a.streams, b.streams, alike_streams) && a.calls == b.calls && a.resident == b.resident &&
         std::ranges::equal(a.transfers, b.transfers, alike_transfers) &&
         alike_block_lists(a.blocks, b.blocks, blocks) && a.markers == b.markers &&
         alike_buffer_lists(a.buffers, b.buffers, buffers);
}

}  // namespace orrery::sim

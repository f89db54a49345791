#include "sim/leaps/legs/leap_block.h"

#include <algorithm>
#include <array>
#include <limits>

namespace orrery::sim {
namespace {

std::int64_t cost_of(const Op& op, const SoloTimes& solo) {
  if (op.kind == OpKind::kernel) return op.payload;
  return solo.has(op) ? solo.of(op) : 0;
}

LeapBlock made_of(const Block& block, const SoloTimes& solo) {
  LeapBlock made;
  std::array<std::int64_t, std::numeric_limits<Category>::max() + 1u> of_category{};
  std::size_t categories = 0;
  for (const Op& op : block.ops) {
    if (op.kind != OpKind::kernel && op.kind != OpKind::collective) continue;
    made.meets_others |= op.kind == OpKind::collective && !solo.has(op);
    made.has_kernels = true;
    const std::int64_t cost = cost_of(op, solo);
    made.cost += cost;
    of_category[op.category] += cost;
    categories = std::max<std::size_t>(categories, op.category + 1u);
  }
  for (std::size_t c = 0; c < categories; ++c)
    if (of_category[c] > 0) made.spent.push_back({static_cast<Category>(c), Duration::ps(of_category[c])});
  return made;
}

}  // namespace

const LeapBlock& LeapBlocks::of(const Block& block, const SoloTimes& solo) {
  const auto same = std::ranges::find_if(known_, [&](const Known& known) {
    return known.ops == block.ops.data() && std::ranges::equal(known.solo.by_transfer(), solo.by_transfer());
  });
  if (same != known_.end()) return same->block;
  return known_.emplace_back(Known{block.ops.data(), solo, made_of(block, solo)}).block;
}

std::int64_t cost_from(const Block& block, OpIndex from, const SoloTimes& solo) {
  std::int64_t cost = 0;
  for (const Op& op : std::span(block.ops).subspan(from)) cost += cost_of(op, solo);
  return cost;
}

}  // namespace orrery::sim

#include "sim/coalesce/flat_block.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <type_traits>

namespace orrery::sim {

bool are_equal(std::span<const Op> a, std::span<const Op> b) {
  static_assert(std::has_unique_object_representations_v<Op>);
  if (a.size() != b.size()) return false;
  return a.data() == b.data() || std::memcmp(a.data(), b.data(), a.size_bytes()) == 0;
}

FlatBlock::FlatBlock(std::span<const Op> of_block, const Speeds& speeds) : ops(of_block) {
  for (const Op& op : ops) {
    has_collectives |= op.kind == OpKind::collective;
    if (op.kind != OpKind::kernel) continue;
    has_kernels = true;
    feels_claims |= speeds.is_felt_by(op.kernel_class());
  }
}

void FlatBlock::add(SpeedIndex speed, const Speeds& speeds) {
  if (speed >= at_.size()) at_.resize(speed + 1u);
  AtSpeed& at = at_[speed];
  const Speeds::Slowdown& slowdown = speeds.slowdown(speed);
  std::array<std::int64_t, UINT8_MAX + 1> of_category{};
  std::size_t categories = 0;
  at.sums.resize(ops.size() + 1);
  std::int64_t sum = 0;
  for (OpIndex i = 0; i < size(); ++i) {
    at.sums[i] = sum;
    if (ops[i].kind != OpKind::kernel) continue;
    const std::int64_t time = slowed(ops[i].payload, slowdown[static_cast<std::size_t>(ops[i].kernel_class())]);
    sum += time;
    of_category[ops[i].category] += time;
    categories = std::max<std::size_t>(categories, ops[i].category + 1u);
  }
  at.sums.back() = sum;
  for (std::size_t c = 0; c < categories; ++c)
    if (of_category[c] > 0) at.spent.push_back({static_cast<Category>(c), Duration::ps(of_category[c])});
}

FlatBlock& FlatBlocks::of(std::span<const Op> ops, const Speeds& speeds) {
  const auto same =
      std::find_if(known_.begin(), known_.end(), [&](const FlatBlock& known) { return are_equal(known.ops, ops); });
  return same != known_.end() ? *same : known_.emplace_back(ops, speeds);
}

}  // namespace orrery::sim

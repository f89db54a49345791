#include "sim/coalesce/flat_block.h"

#include <algorithm>

namespace orrery::sim {

FlatBlock::FlatBlock(std::span<const Op> of_block, const Speeds& speeds) : ops(of_block) {
  for (const Op& op : ops) {
    if (op.kind != OpKind::kernel) continue;
    has_kernels = true;
    feels_claims |= speeds.is_felt_by(op.kernel_class());
  }
}

void FlatBlock::add(SpeedIndex speed, const Speeds& speeds) {
  if (speed >= at_.size()) at_.resize(speed + 1u);
  AtSpeed& at = at_[speed];
  const Speeds::Slowdown& slowdown = speeds.slowdown(speed);
  at.sums.reserve(ops.size() + 1);
  std::int64_t sum = 0;
  for (OpIndex i = 0; i < size(); ++i) {
    at.sums.push_back(sum);
    const std::int64_t time = slowed(cost_of(i), slowdown[static_cast<std::size_t>(ops[i].kernel_class())]);
    sum += time;
    if (time == 0) continue;
    const auto same = [&](const Spent& s) { return s.category == ops[i].category; };
    auto of = std::find_if(at.spent.begin(), at.spent.end(), same);
    if (of == at.spent.end()) of = at.spent.insert(of, {ops[i].category, Duration()});
    of->time += Duration::ps(time);
  }
  at.sums.push_back(sum);
}

}  // namespace orrery::sim

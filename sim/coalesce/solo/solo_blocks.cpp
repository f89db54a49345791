#include "sim/coalesce/solo/solo_blocks.h"

#include <algorithm>

#include "sim/coalesce/flat_block.h"

namespace orrery::sim {

namespace {

bool are_alone(const SoloBlock& block, std::span<const Duration> alone) {
  return std::none_of(block.uses.begin(), block.uses.end(),
                      [&](const SoloBlock::Use& use) { return alone[use.transfer] < Duration(); });
}

bool takes_as_long(const SoloBlock& block, std::span<const Duration> alone) {
  return std::all_of(block.uses.begin(), block.uses.end(),
                     [&](const SoloBlock::Use& use) { return alone[use.transfer] == use.time; });
}

void note_use(SoloBlock& block, std::size_t transfer, Duration time) {
  if (std::ranges::find(block.uses, transfer, &SoloBlock::Use::transfer) == block.uses.end())
    block.uses.push_back({transfer, time});
}

}  // namespace

const SoloBlock* SoloBlocks::of(const Block& block, std::span<const Duration> alone) {
  const auto same = std::find_if(known_.begin(), known_.end(), [&](const SoloBlock& known) {
    return are_equal(known.from->ops, block.ops) && takes_as_long(known, alone);  // of transfers that both have
  });
  if (same != known_.end()) return are_alone(*same, alone) ? &*same : nullptr;
  SoloBlock& made = known_.emplace_back();
  made.from = &block;
  made.ops = block.ops;
  for (Op& op : made.ops) {
    if (op.kind != OpKind::collective) continue;
    const auto transfer = static_cast<std::size_t>(op.payload);
    note_use(made, transfer, alone[transfer]);
    as_kernel(op, alone[transfer]);
  }
  return are_alone(made, alone) ? &made : nullptr;
}

}  // namespace orrery::sim

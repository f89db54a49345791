#include "models/compile/known/renewal.h"

#include <algorithm>
#include <utility>

namespace orrery::models {
namespace {

constexpr std::uint32_t kNotInTable = UINT32_MAX;

// A stream or a block.
template <class List>
bool has_times(const List& list, const std::vector<std::int64_t>& costs) {
  for (std::size_t i = 0; i < list.ops.size(); ++i)
    if (list.notes[i].kernel != kNotInTable && list.ops[i].payload != costs[list.notes[i].kernel]) return false;
  return true;
}

}  // namespace

std::vector<std::int64_t> costs_of(const StageContext& context) {
  std::vector<std::int64_t> costs;
  costs.reserve(context.kernels.size());
  for (std::uint32_t k = 0; k < context.kernels.size(); ++k)
    costs.push_back(slowed(context.kernels.time(k, context.rank.node), context.rank.slowdown).count_ps());
  return costs;
}

template <class List>
void set_times(SharedList<List>& lists, const std::vector<std::int64_t>& costs) {
  if (std::all_of(lists.begin(), lists.end(), [&](const List& list) { return has_times(list, costs); })) return;
  for (List& list : lists.edit())
    for (std::size_t i = 0; i < list.ops.size(); ++i)
      if (list.notes[i].kernel != kNotInTable) list.ops[i].payload = costs[list.notes[i].kernel];
}

template void set_times(SharedList<sim::Stream>& streams, const std::vector<std::int64_t>& costs);
template void set_times(SharedList<sim::Block>& blocks, const std::vector<std::int64_t>& costs);

// A later stage knows of more kernels than one before it.
void TimedBlocks::set_times(SharedList<sim::Block>& blocks, const std::vector<std::int64_t>& costs) {
  const bool are_known = blocks_.data() == blocks.data() && costs_.size() <= costs.size() &&
                         std::equal(costs_.begin(), costs_.end(), costs.begin());
  if (!are_known) {
    if (blocks_.data() != blocks.data()) timed_ = before_ = blocks_ = blocks;
    std::swap(timed_, before_);
    costs_ = costs;
    models::set_times(timed_, costs);
  }
  blocks = timed_;
}

void set_sizes(SharedList<sim::Buffer>& buffers, const std::vector<std::uint32_t>& of,
               const std::vector<Bytes>& sizes) {
  sim::Buffer* buffer = buffers.edit().data();
  for (const std::uint32_t item : of) buffer++->bytes = sizes[item];
}

}  // namespace orrery::models

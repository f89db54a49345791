#include "models/compile/known/renewal.h"

#include <algorithm>
#include <utility>

namespace orrery::models {
namespace {

constexpr std::uint32_t kNotInTable = UINT32_MAX;
constexpr std::size_t kMostLists = 4;  // of the first stage, those in the middle and the last

}  // namespace

std::vector<std::int64_t> costs_of(const StageContext& context) {
  std::vector<std::int64_t> costs;
  costs.reserve(context.kernels.size());
  for (std::uint32_t k = 0; k < context.kernels.size(); ++k)
    costs.push_back(slowed(context.kernels.time(k, context.rank.node), context.rank.slowdown).count_ps());
  return costs;
}

template <class List>
TimedLists<List>::TimedLists(const SharedList<List>& lists) : lists_(lists), now_(lists), before_(lists) {
  for (std::uint32_t list = 0; list < lists.size(); ++list)
    for (std::uint32_t op = 0; op < lists[list].ops.size(); ++op)
      if (const std::uint32_t kernel = lists[list].notes[op].kernel; kernel != kNotInTable)
        timed_.push_back({list, op, kernel});
}

template <class List>
const SharedList<List>& TimedLists<List>::at(const std::vector<std::int64_t>& costs) {
  const bool are_known = !costs_.empty() && costs_.size() <= costs.size() &&
                         std::equal(costs_.begin(), costs_.end(), costs.begin());  // a later stage has more kernels
  if (are_known) return now_;
  costs_ = costs;
  std::swap(now_, before_);
  std::vector<List>& lists = now_.edit();
  for (const Timed& t : timed_) lists[t.list].ops[t.op].payload = costs[t.kernel];
  return now_;
}

template class TimedLists<sim::Stream>;
template class TimedLists<sim::Block>;

const SharedList<sim::Block>& TimedBlocks::at(const SharedList<sim::Block>& blocks,
                                              const std::vector<std::int64_t>& costs) {
  const auto known =
      std::find_if(known_.begin(), known_.end(), [&](const auto& lists) { return lists.are_of(blocks); });
  if (known != known_.end()) {
    known_.splice(known_.end(), known_, known);
  } else {
    if (known_.size() == kMostLists) known_.pop_front();
    known_.emplace_back(blocks);
  }
  return known_.back().at(costs);
}

void set_sizes(SharedList<sim::Buffer>& buffers, const std::vector<std::uint32_t>& of,
               const std::vector<Bytes>& sizes) {
  sim::Buffer* buffer = buffers.edit().data();
  for (const std::uint32_t item : of) buffer++->bytes = sizes[item];
}

}  // namespace orrery::models

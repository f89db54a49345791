#include "gui/model/ask/compare/row_pairer.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace orrery::gui {
namespace {

// Events between two questions whether to go on.
constexpr std::uint32_t kStretch = 50'000;

}  // namespace

RowPairer::ByStep RowPairer::by_step(const Row& row, const Identities& identities, Tally& tally) {
  ByStep by;
  std::vector<std::int32_t> steps(row.size());
  for (std::uint32_t i = 0; i < row.size(); ++i) {
    if (i % kStretch == 0 && !tally.add(std::min(kStretch, row.size() - i))) return by;
    steps[i] = identities.step_of(row[i]);
  }
  by.order.resize(row.size());
  std::iota(by.order.begin(), by.order.end(), 0u);
  if (!std::is_sorted(steps.begin(), steps.end()))
    std::stable_sort(by.order.begin(), by.order.end(), [&](auto x, auto y) { return steps[x] < steps[y]; });
  for (std::uint32_t i = 0; i < row.size(); ++i) {
    const std::int32_t step = steps[by.order[i]];
    if (by.parts.empty() || by.parts.back().step != step) by.parts.push_back({step, i, i});
    by.parts.back().end = i + 1;
  }
  return by;
}

RowPairs RowPairer::pair(const Row& a, const Row& b, Tally& tally) {
  RowPairs pairs;
  pairs.of_a.assign(a.size(), RowPairs::kNone);
  pairs.of_b.assign(b.size(), RowPairs::kNone);
  pairs.differences.assign(b.size(), kAlone);
  next_.resize(std::max<std::size_t>(next_.size(), b.size()));
  const ByStep of_a = by_step(a, a_, tally), of_b = by_step(b, b_, tally);
  if (tally.stopped()) return pairs;
  auto other = of_b.parts.begin();
  for (const Part& part : of_a.parts) {
    while (other != of_b.parts.end() && other->step < part.step + offset_) ++other;
    if (other == of_b.parts.end()) break;
    if (other->step == part.step + offset_) pair(a, of_a.events(part), b, of_b.events(*other), pairs);
  }
  return pairs;
}

void RowPairer::pair(const Row& a, std::span<const std::uint32_t> events_a, const Row& b,
                     std::span<const std::uint32_t> events_b, RowPairs& pairs) {
  for (std::size_t at = events_b.size(); at-- > 0;) {
    const std::uint32_t j = events_b[at];
    next_[j] = std::exchange(heads_[b_.work_of(b[j])], j);
  }
  for (const std::uint32_t i : events_a) {
    std::uint32_t& head = heads_[a_.work_of(a[i])];
    if (head == RowPairs::kNone) continue;
    const std::uint32_t j = std::exchange(head, next_[head]);
    pairs.of_a[i] = j, pairs.of_b[j] = i;
    pairs.differences[j] = difference_of(a.duration(i), b.duration(j));
    ++pairs.count;
  }
  for (const std::uint32_t j : events_b) heads_[b_.work_of(b[j])] = RowPairs::kNone;
}

}  // namespace orrery::gui

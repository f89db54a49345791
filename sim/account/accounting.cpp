#include "sim/account/accounting.h"

#include <algorithm>

namespace orrery::sim {

Accounting::Accounting(std::size_t ranks, std::size_t categories)
    : categories_(categories), clocks_(ranks), sums_(ranks * 3 * categories) {}

void Accounting::start(RankId rank, Time now) {
  Clock& clock = clocks_[rank];
  clock.since = now;
  clock.bubble = 0;
  clock.on = true;
  std::fill_n(row(rank), 3 * categories_, 0);
}

void Accounting::bubble(RankId rank, Time from, Time to) {
  Clock& clock = clocks_[rank];
  clock.bubble += (to - from).count_ps();
  if (clock.bubble_to != from) clock.bubble_from = from;
  clock.bubble_to = to;
}

void Accounting::late(RankId rank, Category category, Time from, Time to, Time bubble_from, Time bubble_to) {
  const Time begin = std::max(from, bubble_from), end = std::min(to, bubble_to);
  if (begin >= end) return late(rank, category, to - from);
  late(rank, category, (begin - from) + (to - end));
  bubble(rank, begin, end);
}

Accounting::Page Accounting::page(RankId rank) const {
  const auto first = sums_.begin() + static_cast<std::ptrdiff_t>(rank.value * 3 * categories_);
  return {clocks_[rank], {first, first + static_cast<std::ptrdiff_t>(3 * categories_)}};
}

void Accounting::put_back(RankId rank, const Page& page) {
  clocks_[rank] = page.clock;
  std::copy(page.sums.begin(), page.sums.end(), row(rank));
}

Accounting::Row Accounting::spent(RankId rank) const {
  const auto first = sums_.begin() + static_cast<std::ptrdiff_t>(rank.value * 3 * categories_);
  Row row(first, first + static_cast<std::ptrdiff_t>(3 * categories_));
  row.push_back(clocks_[rank].bubble);
  return row;
}

void Accounting::spend(RankId rank, const Row& more) {
  std::int64_t* const sums = row(rank);
  for (std::size_t i = 0; i < 3 * categories_; ++i) sums[i] += more[i];
}

RankTime Accounting::summary(RankId rank) const {
  const auto first = sums_.begin() + static_cast<std::ptrdiff_t>(rank.value * 3 * categories_);
  const auto column = [&](std::size_t which) {
    std::vector<Duration> durations;
    durations.reserve(categories_);
    for (std::size_t c = 0; c < categories_; ++c)
      durations.push_back(Duration::ps(first[static_cast<std::ptrdiff_t>(which * categories_ + c)]));
    return durations;
  };
  return {column(0), column(1), column(2), Duration::ps(clocks_[rank].bubble)};
}

}  // namespace orrery::sim

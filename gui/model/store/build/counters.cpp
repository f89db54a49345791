// Curves of a trace, from samples that came in any order.
#include <map>
#include <numeric>

#include "gui/model/store/build/trace_builder.h"

namespace orrery::gui {
namespace {

void sort_by_time(Series& series) {
  if (std::is_sorted(series.times.begin(), series.times.end())) return;
  std::vector<std::size_t> order(series.times.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return series.times[a] < series.times[b]; });
  Series sorted;
  for (const std::size_t i : order) {
    sorted.times.push_back(series.times[i]);
    sorted.values.push_back(series.values[i]);
  }
  series.times.swap(sorted.times);
  series.values.swap(sorted.values);
}

double highest_sum(const std::vector<Series>& series) {
  struct Change {
    Ns when;
    double by;
  };
  std::vector<Change> changes;
  for (const Series& one : series)
    for (std::size_t i = 0; i < one.times.size(); ++i)
      changes.push_back({one.times[i], one.values[i] - (i > 0 ? one.values[i - 1] : 0)});
  std::stable_sort(changes.begin(), changes.end(), [](const Change& a, const Change& b) { return a.when < b.when; });
  double sum = 0, highest = 0;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    sum += changes[i].by;
    if (i + 1 == changes.size() || changes[i + 1].when != changes[i].when) highest = std::max(highest, sum);
  }
  return highest;
}

// Ours tell of a limit as a counter of its own, which other viewers show as one.
void take_limits(std::vector<Counter>& counters) {
  constexpr std::string_view kLimit = " limit";
  std::map<std::pair<std::uint32_t, std::string_view>, std::size_t> places;
  for (std::size_t i = 0; i < counters.size(); ++i) places.try_emplace({counters[i].process, counters[i].name}, i);
  std::vector<bool> is_limit(counters.size(), false);
  for (std::size_t i = 0; i < counters.size(); ++i) {
    const std::string_view name = counters[i].name;
    if (!name.ends_with(kLimit)) continue;
    const auto of = places.find({counters[i].process, name.substr(0, name.size() - kLimit.size())});
    if (of == places.end() || counters[of->second].unit != counters[i].unit) continue;
    counters[of->second].limit = counters[i].highest;
    is_limit[i] = true;
  }
  std::vector<Counter> kept;
  for (std::size_t i = 0; i < counters.size(); ++i)
    if (!is_limit[i]) kept.push_back(std::move(counters[i]));
  counters = std::move(kept);
}

}  // namespace

void TraceBuilder::make_counters(TraceModel::Parts& parts) {
  std::map<std::pair<std::uint32_t, std::string>, std::size_t> places;
  for (DeclaredCounter& declared : counters_) {
    if (declared.times.empty()) continue;
    const std::uint32_t process = process_place_[declared.process];
    const auto [at, fresh] = places.try_emplace({process, declared.name}, parts.counters.size());
    if (fresh) parts.counters.push_back({process, declared.name, declared.unit, {}, 0, 0});
    Series series{declared.series, std::move(declared.times), std::move(declared.values)};
    sort_by_time(series);
    series.times.shrink_to_fit();
    series.values.shrink_to_fit();
    parts.counters[at->second].series.push_back(std::move(series));
  }
  std::stable_sort(parts.counters.begin(), parts.counters.end(),
                   [](const Counter& a, const Counter& b) { return a.process < b.process; });
  for (Counter& counter : parts.counters) {
    // Beside named parts one without a name is their sum.
    if (counter.series.size() > 1) std::erase_if(counter.series, [](const Series& one) { return one.name.empty(); });
    counter.highest = highest_sum(counter.series);
  }
  take_limits(parts.counters);
}

}  // namespace orrery::gui

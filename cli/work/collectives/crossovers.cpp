#include "cli/work/collectives/crossovers.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace orrery::cli {
namespace {

using models::Method;

constexpr std::size_t kFewest = 12;  // sizes of a sweep

// Where two choices would take the same within this much, as good as predictions are, a time does not say which ran.
constexpr double kAlike = 0.05;

// Measured sizes, and the least time of each: what disturbs a run only makes it longer.
struct Sweep {
  std::vector<Bytes> sizes;
  std::vector<double> microseconds;
};

Sweep sweep_of(const std::vector<const interop::CollectiveMeasurement*>& rows) {
  std::map<std::int64_t, std::vector<double>> by_size;
  for (const auto* row : rows) by_size[row->bytes.n].push_back(row->microseconds);
  Sweep sweep;
  for (auto& [bytes, times] : by_size) {
    sweep.sizes.push_back({bytes});
    sweep.microseconds.push_back(*std::min_element(times.begin(), times.end()));
  }
  return sweep;
}

bool same(const Method& a, const Method& b) {
  return a.algorithm == b.algorithm && a.protocol == b.protocol;
}

// What each size would take if that ran, in microseconds. All-to-alls have one algorithm.
std::vector<double> times_of(const CollectiveBench& bench, const Sweep& sweep, const Method& method) {
  models::Forced forced;
  if (method.algorithm != models::Algorithm::pairwise) forced.algorithm = method.algorithm;
  forced.protocol = method.protocol;
  std::vector<double> times;
  for (const models::CollectiveRow& row : bench.table(sweep.sizes, forced)) times.push_back(row.time.seconds() * 1e6);
  return times;
}

// How much further off each size is, as a logarithm, if the earlier choice ran and not the later.
std::vector<double> worse_of(const CollectiveBench& bench, const Sweep& sweep, const Method& earlier,
                             const Method& later) {
  const std::vector<double> first = times_of(bench, sweep, earlier), second = times_of(bench, sweep, later);
  std::vector<double> worse;
  for (std::size_t i = 0; i < first.size(); ++i) {
    const bool alike = std::abs(std::log(first[i] / second[i])) < kAlike;
    const double seen = sweep.microseconds[i];
    worse.push_back(alike ? 0 : std::abs(std::log(first[i] / seen)) - std::abs(std::log(second[i] / seen)));
  }
  return worse;
}

// Index of the first size of the later choice, within [first, end]; of equals the one nearest to `predicted`.
std::size_t best_split(const std::vector<double>& worse, std::size_t first, std::size_t end, std::size_t predicted) {
  const auto distance = [&](std::size_t i) { return i > predicted ? i - predicted : predicted - i; };
  std::size_t best = first;
  double sum = 0, least = 0;
  for (std::size_t split = first + 1; split <= end; ++split) {
    sum += worse[split - 1];
    const bool as_good = std::abs(sum - least) < 1e-9;
    if (as_good ? distance(split) < distance(best) : sum < least) best = split, least = sum;
  }
  return best;
}

}  // namespace

std::vector<report::Crossover> crossovers_of(const CollectiveBench& bench,
                                             const std::vector<const interop::CollectiveMeasurement*>& rows) {
  const Sweep sweep = sweep_of(rows);
  std::vector<report::Crossover> crossovers;
  if (sweep.sizes.size() < kFewest) return crossovers;
  std::vector<Method> chosen;
  for (const models::CollectiveRow& row : bench.table(sweep.sizes)) chosen.push_back(row.method);
  const auto name = [](const Method& m) {
    return std::string(to_string(m.algorithm)) + " " + std::string(to_string(m.protocol));
  };
  std::size_t first = 0;
  for (std::size_t i = 1; i < chosen.size(); ++i) {
    if (same(chosen[i], chosen[i - 1])) continue;
    std::size_t end = i;
    while (end < chosen.size() && same(chosen[end], chosen[i])) ++end;
    const std::size_t split = best_split(worse_of(bench, sweep, chosen[i - 1], chosen[i]), first, end, i);
    // One past the last size: not before twice that.
    const Bytes seen = split < sweep.sizes.size() ? sweep.sizes[split] : 2 * sweep.sizes.back();
    crossovers.push_back({rows.front()->platform, std::string(sim::to_string(rows.front()->kind)), name(chosen[i - 1]),
                          name(chosen[i]), bench.ranks(), sweep.sizes[i], seen});
    first = i;
  }
  return crossovers;
}

}  // namespace orrery::cli

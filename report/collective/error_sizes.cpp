#include "report/collective/error_sizes.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

namespace orrery::report {
namespace {

template <class Which>
std::vector<SizedError> those(const std::vector<SizedError>& errors, Which which) {
  std::vector<SizedError> some;
  std::copy_if(errors.begin(), errors.end(), std::back_inserter(some), which);
  return some;
}

}  // namespace

double Crossover::powers() const {
  return std::log2(static_cast<double>(seen.n) / static_cast<double>(predicted.n));
}

ErrorSizes sizes_of(const std::vector<SizedError>& errors) {
  if (errors.empty()) return {};
  std::vector<double> sizes;
  double sum = 0;
  for (const SizedError& e : errors) sizes.push_back(std::abs(e.error)), sum += std::abs(e.error);
  std::sort(sizes.begin(), sizes.end());
  const std::size_t n = sizes.size();
  return {n, sum / static_cast<double>(n), (sizes[(n - 1) / 2] + sizes[n / 2]) / 2, sizes[n * 9 / 10], sizes.back()};
}

std::vector<SizedError> below(Bytes size, const std::vector<SizedError>& errors) {
  return those(errors, [size](const SizedError& e) { return e.bytes < size; });
}

std::vector<SizedError> from(Bytes size, const std::vector<SizedError>& errors) {
  return those(errors, [size](const SizedError& e) { return e.bytes >= size; });
}

bool keeps_to_bars(const std::vector<SizedError>& errors) {
  return kLargeBar.holds(sizes_of(from(kLargeMessage, errors))) &&
         kSmallBar.holds(sizes_of(below(kLargeMessage, errors)));
}

std::vector<ReproducedSeries> by_architecture(const CollectiveReproduction& reproduction) {
  std::map<std::pair<std::string, std::string>, ReproducedSeries> all;
  for (const ReproducedSeries& s : reproduction.series) {
    ReproducedSeries& sum = all[{s.architecture, s.operation}];
    sum.architecture = s.architecture;
    sum.operation = s.operation;
    sum.errors.insert(sum.errors.end(), s.errors.begin(), s.errors.end());
  }
  std::vector<ReproducedSeries> list;
  for (auto& [key, sum] : all) list.push_back(std::move(sum));
  return list;
}

std::vector<CrossoverKind> by_kind(const std::vector<Crossover>& crossovers) {
  std::map<std::tuple<std::string, std::string, std::string, std::string>, CrossoverKind> all;
  for (const Crossover& c : crossovers) {
    CrossoverKind& kind = all[{c.platform, c.operation, c.from, c.to}];
    kind.platform = c.platform, kind.operation = c.operation, kind.from = c.from, kind.to = c.to;
    ++kind.n;
    const double powers = c.powers();
    if (std::abs(powers) < 1.5) ++kind.within_one;
    if (std::abs(powers) > std::abs(kind.worst)) kind.worst = powers;
  }
  std::vector<CrossoverKind> list;
  for (auto& [key, kind] : all) list.push_back(std::move(kind));
  return list;
}

}  // namespace orrery::report

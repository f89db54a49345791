#include "sweep/plan/search.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "sim/base/random.h"

namespace orrery::sweep {
namespace {

struct Case {
  std::vector<double> values, bounds;  // value below 0: ruled out; NaN: turns out not to be one
  std::vector<double> first_bounds;    // of the first look; NaN: ruled out by then
};

Case random_case(std::uint64_t seed) {
  const KeyedRandom random(seed);
  Case c;
  const std::uint64_t n = 1 + random.bits(0) % 200;
  for (std::uint64_t i = 0; i < n; ++i) {
    const double value = static_cast<double>(random.bits(3 * i + 1) % 50);  // ties are likely
    const double slack = static_cast<double>(random.bits(3 * i + 2) % 20);
    const std::uint64_t kind = random.bits(3 * i + 3) % 10;
    c.values.push_back(kind == 0 ? -1 : kind == 1 ? std::nan("") : value);
    c.bounds.push_back(value - slack);
    c.first_bounds.push_back(kind == 0 && i % 2 == 0 ? std::nan("") : c.bounds.back() - static_cast<double>(i % 7));
  }
  return c;
}

SearchResult run(const Case& c, std::size_t top, int threads, bool twice,
                 double below = std::numeric_limits<double>::infinity()) {
  SearchOptions options;
  options.below = below;
  options.candidates = c.values.size();
  options.top = top;
  options.threads = threads;
  Candidates candidates;
  candidates.look = [&](std::uint64_t i) { return c.values[i] < 0 ? Look{"no", 0} : Look{"", c.bounds[i]}; };
  candidates.work_out = [&](std::uint64_t i) {
    return c.values[i] >= 0 ? std::optional<double>(c.values[i]) : std::nullopt;
  };
  if (!twice) return search(options, candidates);
  candidates.look_closer = candidates.look;
  candidates.look = [&](std::uint64_t i) {
    return std::isnan(c.first_bounds[i]) ? Look{"no", 0} : Look{"", c.first_bounds[i]};
  };
  return search(options, candidates);
}

std::vector<std::pair<double, std::uint64_t>> brute_force(const Case& c, std::size_t top,
                                                          double below = std::numeric_limits<double>::infinity()) {
  std::vector<std::pair<double, std::uint64_t>> all;
  for (std::uint64_t i = 0; i < c.values.size(); ++i)
    if (c.values[i] >= 0 && c.values[i] < below) all.emplace_back(c.values[i], i);
  std::sort(all.begin(), all.end());
  all.resize(std::min(top, all.size()));
  return all;
}

TEST(Search, FindsWhatBruteForceFinds) {
  std::uint64_t pruned = 0, looked_closer = 0, candidates = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    const Case c = random_case(seed / 2);
    for (const std::size_t top : {1, 5}) {
      for (const int threads : {1, 3}) {
        const SearchResult found = run(c, top, threads, seed % 2 == 1);
        std::vector<std::pair<double, std::uint64_t>> best;
        for (const Found& f : found.best) best.emplace_back(f.value, f.candidate);
        ASSERT_EQ(best, brute_force(c, top)) << seed;
        std::uint64_t counted = found.worked_out + found.pruned;
        for (const auto& [reason, n] : found.ruled_out) counted += n;
        EXPECT_EQ(counted, c.values.size());
        pruned += found.pruned;
        looked_closer += found.looked_closer;
        if (seed % 2 == 1) candidates += c.values.size();
      }
    }
  }
  EXPECT_GT(pruned, 1000u);
  EXPECT_LT(looked_closer, candidates / 2);
}

TEST(Search, FindsWhatIsBelowAValue) {
  std::uint64_t found_some = 0, found_none = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const Case c = random_case(seed);
    const auto below = static_cast<double>(seed % 13);
    const SearchResult found = run(c, 3, 2, seed % 2 == 1, below);
    std::vector<std::pair<double, std::uint64_t>> best;
    for (const Found& f : found.best) best.emplace_back(f.value, f.candidate);
    ASSERT_EQ(best, brute_force(c, 3, below)) << seed;
    ++(best.empty() ? found_none : found_some);
  }
  EXPECT_GT(found_some, 50u);
  EXPECT_GT(found_none, 10u);
}

TEST(Search, GivesWhatItHasWhenStopped) {
  const Case c = random_case(7);
  std::atomic<bool> stop{false};
  SearchOptions options;
  options.candidates = c.values.size();
  options.stop = &stop;
  std::size_t done = 0;
  Candidates candidates;
  candidates.look = [&](std::uint64_t i) { return Look{"", c.bounds[i]}; };
  candidates.work_out = [&](std::uint64_t) {
    stop = ++done == 3;
    return std::optional<double>(1.0);
  };
  const SearchResult found = search(options, candidates);
  EXPECT_TRUE(found.stopped);
  EXPECT_EQ(found.best.size(), 3u);
}

}  // namespace
}  // namespace orrery::sweep

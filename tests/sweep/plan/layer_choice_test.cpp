#include "sweep/plan/layer_choice.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "sim/base/random.h"
#include "sweep/plan/solver.h"

namespace orrery::sweep {
namespace {

constexpr double kGiB = 1 << 30;

// Layers of a few ways over one to three ranks, with memory for some of them to be as fast as they can.
LayerChoiceProblem random_problem(std::uint64_t seed) {
  const KeyedRandom random(seed);
  std::uint64_t key = 0;
  const auto draw = [&](double least, double most) {
    return least + (most - least) * static_cast<double>(random.bits(key++) % 1000) / 1000;
  };
  LayerChoiceProblem p;
  p.degree = 4;
  for (const int degree : {4, 2, 1})
    for (const bool recomputed : {false, true})
      if (degree != 1 || random.bits(900) % 2 == 0) p.ways.push_back({degree, recomputed});
  const std::size_t layers = 3 + random.bits(901) % 3, ranks = 1 + random.bits(902) % 3;
  for (std::size_t l = 0; l < layers; ++l) {
    p.rank.push_back(static_cast<int>(l * ranks / layers));
    p.seconds.emplace_back();
    p.bytes.emplace_back();
    const double base = draw(1e-3, 3e-3), held = draw(0.5, 2) * kGiB;
    for (const LayerWay& way : p.ways) {
      p.seconds.back().push_back(base * (1 - 0.1 / way.degree) * (way.recomputed ? 1.3 : 1) * draw(0.9, 1.1));
      p.bytes.back().push_back(held * (way.recomputed ? 0.3 : 1) * (1 + 1.0 / way.degree));
    }
  }
  for (std::size_t r = 0; r < ranks; ++r) {
    p.fixed_seconds.push_back(draw(0, 1e-3));
    p.limit.push_back(draw(0.8, 3) * kGiB * static_cast<double>(layers) / static_cast<double>(ranks));
  }
  p.change.assign(p.ways.size(), std::vector<double>(p.ways.size(), 0));
  for (std::size_t a = 0; a < p.ways.size(); ++a)
    for (std::size_t b = 0; b < p.ways.size(); ++b)
      if (p.ways[a].degree != p.ways[b].degree) p.change[a][b] = 1e-5 * std::abs(p.ways[a].degree - p.ways[b].degree);
  return p;
}

// The least over all choices.
double least(const LayerChoiceProblem& problem) {
  LayerChoice choice(problem.layers(), 0);
  double best = std::numeric_limits<double>::infinity();
  for (bool more = true; more;) {
    best = std::min(best, longest_rank(problem, choice));
    more = false;
    for (std::size_t& way : choice) {
      way = (way + 1) % problem.ways.size();
      if ((more = way != 0)) break;
    }
  }
  return best;
}

TEST(LayerChoice, IsTheBestOfAll) {
  const auto solver = find_solver();
  if (!solver) GTEST_SKIP() << "no cbc: scripts/install-packages test";
  int possible = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    const LayerChoiceProblem problem = random_problem(seed);
    const double best = least(problem);
    const auto text = solve(*solver, integer_program(problem), 10'000);
    const auto choice = text ? read_solution(problem, *text) : std::nullopt;
    ASSERT_EQ(choice.has_value(), std::isfinite(best)) << seed;
    if (!choice) continue;
    ++possible;
    // The solver stops a thousandth from its optimum, in which all work counts a thousandth.
    EXPECT_LE(longest_rank(problem, *choice), best * 1.0025) << seed;
  }
  EXPECT_GT(possible, 20);
}

TEST(LayerChoice, RecomputesAsManyOfEveryRank) {
  LayerChoiceProblem p;
  p.ways = {{1, false}, {1, true}};
  p.rank = {0, 0, 1, 1};
  p.limit = {1, 1};
  EXPECT_EQ(recomputed_of_each_rank(p, {0, 0, 0, 0}), 0);
  EXPECT_EQ(recomputed_of_each_rank(p, {1, 0, 1, 0}), 1);
  EXPECT_EQ(recomputed_of_each_rank(p, {0, 1, 0, 1}), std::nullopt);  // not the first
  EXPECT_EQ(recomputed_of_each_rank(p, {1, 1, 1, 0}), std::nullopt);  // not as many
}

}  // namespace
}  // namespace orrery::sweep

#include "sim/network/fair_share.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <set>
#include <string>

namespace orrery::sim {
namespace {

struct Crossing {
  std::uint32_t link;
  std::int64_t connections;
};

struct System {
  std::vector<std::int64_t> capacities;
  struct Activity {
    std::int64_t max_rate = FairShare::kUnlimited.n;
    std::vector<Crossing> uses;
  };
  std::vector<Activity> activities;
};

std::vector<std::int64_t> solve(FairShare& fair_share, const System& system) {
  fair_share.clear();
  for (const std::int64_t capacity : system.capacities) fair_share.add_link({capacity});
  for (const System::Activity& activity : system.activities) {
    fair_share.add_activity({activity.max_rate});
    for (const Crossing& use : activity.uses) fair_share.add_use(use.link, use.connections);
  }
  fair_share.solve();
  std::vector<std::int64_t> rates;
  for (std::uint32_t a = 0; a < system.activities.size(); ++a) rates.push_back(fair_share.rate(a).n);
  return rates;
}

std::vector<std::int64_t> solve(const System& system) {
  FairShare fair_share;
  return solve(fair_share, system);
}

// Numbers are drawn with % on purpose: std:: distributions differ between libraries.
std::int64_t draw(std::mt19937_64& random, std::int64_t low, std::int64_t high) {
  return low + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(high - low + 1));
}

System random_system(std::mt19937_64& random, std::int64_t largest_capacity) {
  System system;
  const auto links = static_cast<std::uint32_t>(draw(random, 1, 12));
  for (std::uint32_t l = 0; l < links; ++l) system.capacities.push_back(draw(random, 1000, largest_capacity));
  for (std::int64_t n = draw(random, 1, 20); n > 0; --n) {
    System::Activity activity;
    if (random() % 3 == 0) activity.max_rate = draw(random, 1, largest_capacity / 4);
    std::set<std::uint32_t> crossed;
    for (std::int64_t k = draw(random, 1, 4); k > 0; --k) crossed.insert(static_cast<std::uint32_t>(random() % links));
    for (const std::uint32_t link : crossed) activity.uses.push_back({link, draw(random, 1, 8)});
    system.activities.push_back(activity);
  }
  return system;
}

std::int64_t load(const System& system, const std::vector<std::int64_t>& rates, std::uint32_t link) {
  std::int64_t sum = 0;
  for (std::size_t a = 0; a < rates.size(); ++a) {
    for (const Crossing& use : system.activities[a].uses) {
      if (use.link == link) sum += use.connections * rates[a];
    }
  }
  return sum;
}

std::int64_t connections(const System& system, std::uint32_t link) {
  return load(system, std::vector<std::int64_t>(system.activities.size(), 1), link);
}

std::int64_t fastest_on(const System& system, const std::vector<std::int64_t>& rates, std::uint32_t link) {
  std::int64_t fastest = 0;
  for (std::size_t a = 0; a < rates.size(); ++a) {
    for (const Crossing& use : system.activities[a].uses) {
      if (use.link == link) fastest = std::max(fastest, rates[a]);
    }
  }
  return fastest;
}

// Two activities on a link of 100 would get half each; but one of them is held to
// 20 by its own NIC, and what it cannot use goes to the other.
TEST(FairShare, WhatOneCannotUseGoesToTheOther) {
  const System system{.capacities = {100, 20}, .activities = {{.uses = {{0, 1}}}, {.uses = {{0, 1}, {1, 1}}}}};
  EXPECT_EQ(solve(system), (std::vector<std::int64_t>{80, 20}));
}

// A ring with three channels on a link and a lone send: four connections, a quarter each.
TEST(FairShare, AFullLinkIsSharedByConnections) {
  const System system{.capacities = {100}, .activities = {{.uses = {{0, 3}}}, {.uses = {{0, 1}}}}};
  EXPECT_EQ(solve(system), (std::vector<std::int64_t>{25, 25}));
}

// A limit is a link of its own.
TEST(FairShare, ALimitIsALinkOfItsOwn) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 200; ++round) {
    const System system = random_system(random, 1'000'000);
    System with_links = system;
    for (System::Activity& activity : with_links.activities) {
      if (activity.max_rate == FairShare::kUnlimited.n) continue;
      activity.uses.push_back({static_cast<std::uint32_t>(with_links.capacities.size()), 1});
      with_links.capacities.push_back(activity.max_rate);
      activity.max_rate = FairShare::kUnlimited.n;
    }
    EXPECT_EQ(solve(system), solve(with_links));
  }
}

TEST(FairShare, NoLinkCarriesMoreThanItsCapacity) {
  std::mt19937_64 random(1);
  FairShare fair_share;
  for (int round = 0; round < 500; ++round) {
    const System system = random_system(random, round % 2 ? 1500 : 400'000'000'000);
    const auto rates = solve(fair_share, system);
    for (std::uint32_t l = 0; l < system.capacities.size(); ++l)
      EXPECT_LE(load(system, rates, l), system.capacities[l]);
  }
}

// Every activity runs at its limit, or crosses a link on which nobody is faster
// and which has no byte per second left for each of its connections.
TEST(FairShare, EveryActivityHasABottleneck) {
  std::mt19937_64 random(2);
  FairShare fair_share;
  for (int round = 0; round < 500; ++round) {
    const System system = random_system(random, round % 2 ? 1500 : 400'000'000'000);
    const auto rates = solve(fair_share, system);
    for (std::size_t a = 0; a < rates.size(); ++a) {
      const auto& activity = system.activities[a];
      const bool bottleneck = std::any_of(activity.uses.begin(), activity.uses.end(), [&](const Crossing& use) {
        const std::int64_t left = system.capacities[use.link] - load(system, rates, use.link);
        return left < connections(system, use.link) && fastest_on(system, rates, use.link) <= rates[a];
      });
      EXPECT_TRUE(rates[a] == activity.max_rate || bottleneck) << "activity " << a << " of round " << round;
    }
  }
}

TEST(FairShare, TheOrderOfAddingDoesNotMatter) {
  std::mt19937_64 random(3);
  for (int round = 0; round < 300; ++round) {
    const System system = random_system(random, 1500);
    System backwards = system;
    std::reverse(backwards.activities.begin(), backwards.activities.end());
    std::reverse(backwards.capacities.begin(), backwards.capacities.end());
    const auto last = static_cast<std::uint32_t>(system.capacities.size() - 1);
    for (auto& activity : backwards.activities) {
      for (Crossing& use : activity.uses) use.link = last - use.link;
    }
    auto rates = solve(backwards);
    std::reverse(rates.begin(), rates.end());
    EXPECT_EQ(solve(system), rates);
  }
}

// What folding does: activities that cannot be told apart are one, with their
// connections summed. Equal to the last bit, with capacities small enough for
// rounding to show.
TEST(FairShare, EqualActivitiesAreOneWithTheirConnectionsSummed) {
  std::mt19937_64 random(4);
  for (int round = 0; round < 300; ++round) {
    const System folded = random_system(random, 1500);
    System full{.capacities = folded.capacities, .activities = {}};
    System summed{.capacities = folded.capacities, .activities = {}};
    std::vector<std::size_t> class_of;
    for (std::size_t a = 0; a < folded.activities.size(); ++a) {
      const std::int64_t copies = draw(random, 1, 4);
      summed.activities.push_back(folded.activities[a]);
      for (Crossing& use : summed.activities.back().uses) use.connections *= copies;
      for (std::int64_t k = 0; k < copies; ++k) {
        full.activities.push_back(folded.activities[a]);
        class_of.push_back(a);
      }
    }
    const auto full_rates = solve(full), class_rates = solve(summed);
    for (std::size_t a = 0; a < full_rates.size(); ++a) EXPECT_EQ(full_rates[a], class_rates[class_of[a]]);
  }
}

// The level that a linear program finds when everyone slower than `level` keeps
// the rate we gave it, and all others are to share one rate: GLPK, as an oracle.
double highest_common_rate(const System& system, const std::vector<std::int64_t>& rates, std::int64_t level) {
  const auto base = std::filesystem::temp_directory_path() / ("orrery_fair_share_" + std::to_string(::getpid()));
  const std::string lp = base.string() + ".lp", out = base.string() + ".out";
  {
    std::ofstream file(lp);
    file << "Maximize\n obj: t\nSubject To\n";
    for (std::size_t l = 0; l < system.capacities.size(); ++l) {
      std::int64_t taken = 0, growing = 0;
      for (std::size_t a = 0; a < rates.size(); ++a) {
        for (const Crossing& use : system.activities[a].uses) {
          if (use.link != l) continue;
          (rates[a] < level ? taken : growing) += use.connections * (rates[a] < level ? rates[a] : 1);
        }
      }
      if (growing > 0) file << " link" << l << ": " << growing << " t <= " << system.capacities[l] - taken << "\n";
    }
    for (std::size_t a = 0; a < rates.size(); ++a) {
      const std::int64_t limit = system.activities[a].max_rate;
      if (rates[a] >= level && limit != FairShare::kUnlimited.n) file << " limit" << a << ": t <= " << limit << "\n";
    }
    file << "End\n";
  }
  const std::string command = "glpsol --lp " + lp + " -w " + out + " > /dev/null 2>&1";
  double objective = -1;
  if (std::system(command.c_str()) == 0) {
    std::ifstream file(out);
    for (std::string line; std::getline(file, line);) {
      // "s bas <rows> <columns> <primal> <dual> <objective>"
      if (line.starts_with("s bas")) objective = std::stod(line.substr(line.rfind(' ') + 1));
    }
  }
  std::filesystem::remove(lp);
  std::filesystem::remove(out);
  return objective;
}

// Lexicographic max-min: level by level, no solver gets more for those that are left.
TEST(FairShare, GlpkFindsTheSameLevels) {
  if (std::system("glpsol --version > /dev/null 2>&1") != 0) GTEST_SKIP() << "glpsol (glpk-utils) is not installed";
  std::mt19937_64 random(5);
  for (int round = 0; round < 8; ++round) {
    const System system = random_system(random, 400'000'000'000);
    const auto rates = solve(system);
    for (const std::int64_t level : std::set<std::int64_t>(rates.begin(), rates.end())) {
      const double found = highest_common_rate(system, rates, level);
      // Rounding of slower activities leaves at most a byte per second for each of their connections.
      EXPECT_NEAR(found, static_cast<double>(level), 200.0) << "round " << round;
    }
  }
}

}  // namespace
}  // namespace orrery::sim

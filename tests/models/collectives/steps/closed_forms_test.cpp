#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <map>
#include <numeric>
#include <string_view>

#include "ports.h"

// F1 to F18 as equalities, lower bounds, degenerate cases.

namespace orrery::models {
namespace {

using sim::TransferKind;

constexpr double kBytes = 1 << 20;
constexpr double kRounding = 1e-9;  // picoseconds of each step, rounded up

int bits(int n) {
  return static_cast<int>(std::bit_width(static_cast<unsigned>(n - 1)));
}

struct Form {
  const char* name;
  MaybeSteps steps;
  int ranks;
  double waits, sent, through;  // bytes that a rank sends, and that stand in its way one after the other
};

std::vector<Form> forms() {
  std::vector<Form> all;
  const double s = kBytes;
  for (const int n : {2, 4, 8, 32}) {
    const double others = s * (n - 1) / n;
    const int m = bits(n);
    for (const auto kind : {TransferKind::reduce_scatter, TransferKind::all_gather})
      all.push_back({"F1", ring_steps_of(kind, n, s), n, n - 1.0, others, others});
    all.push_back({"F2", ring_steps_of(TransferKind::all_reduce, n, s), n, 2.0 * (n - 1), 2 * others, 2 * others});
    for (const int c : {1, 4})
      all.push_back({"F3", chain(TransferKind::broadcast, n, s, c), n, n - 2.0 + c, s, s * (n - 2 + c) / c});
    all.push_back({"F4", binomial(TransferKind::broadcast, n, s), n, 1.0 * m, s * m, s * m});
    all.push_back({"F5", recursive_doubling(TransferKind::all_reduce, n, s), n, 1.0 * m, s * m, s * m});
    for (const auto kind : {TransferKind::reduce_scatter, TransferKind::all_gather})
      all.push_back({"F6", halving_doubling(kind, n, s), n, 1.0 * m, others, others});
    all.push_back({"F7", halving_doubling(TransferKind::all_reduce, n, s), n, 2.0 * m, 2 * others, 2 * others});
    all.push_back({"F9", bruck(TransferKind::all_gather, n, s), n, 1.0 * m, others, others});
    all.push_back({"F10", bruck(TransferKind::all_to_all, n, s), n, 1.0 * m, s * m / 2, s * m / 2});
    all.push_back({"F11", pairwise_steps(TransferKind::all_to_all, n, s), n, n - 1.0, others, others});
    all.push_back({"two-shot", two_shot(TransferKind::all_reduce, n, s), n, 2, 2 * others, 2 * others});
    all.push_back({"one-shot", one_shot(TransferKind::all_reduce, n, s), n, 1, s * (n - 1), s * (n - 1)});
  }
  return all;
}

TEST(ClosedForms, StepsBytesAndTimesAreEqual) {
  const Ports ports;
  for (const Form& f : forms()) {
    ASSERT_TRUE(f.steps) << f.name;
    EXPECT_EQ(count(*f.steps), f.waits) << f.name << " of " << f.ranks;
    EXPECT_NEAR(most_sent(*f.steps, f.ranks), f.sent, 1e-6) << f.name << " of " << f.ranks;
    const double form = ports.form(f.waits, f.through), chunked = ports.time(*f.steps, f.ranks).seconds();
    EXPECT_NEAR(ports.lock_step(*f.steps, f.ranks), form, kRounding) << f.name << " of " << f.ranks;
    const bool alike = std::string_view(f.name) != "F3";  // each rank of a chain has its own time to send
    if (alike) {
      EXPECT_NEAR(chunked, form, kRounding) << f.name << " of " << f.ranks;
    }
    EXPECT_LE(chunked, form + kRounding) << f.name << " of " << f.ranks;
  }
}

// F8: two more steps with the whole buffer.
TEST(ClosedForms, RanksBeyondAPowerOfTwoFold) {
  const Ports ports;
  for (const int n : {3, 5, 6, 7, 12}) {
    const int m = bits(n + 1) - 1;  // of the power of two below
    const double p = 1 << m;
    EXPECT_NEAR(ports.lock_step(*recursive_doubling(TransferKind::all_reduce, n, kBytes), n),
                ports.form(m + 2, kBytes * (m + 2)), kRounding);
    EXPECT_NEAR(ports.lock_step(*halving_doubling(TransferKind::all_reduce, n, kBytes), n),
                ports.form(2 * m + 2, 2 * kBytes * (p - 1) / p + 2 * kBytes), kRounding);
  }
}

// F3: the best number of chunks is sqrt((n - 2) S / (a B)), within what a whole number allows.
TEST(ClosedForms, AChainHasABestNumberOfChunks) {
  const Ports ports;
  const int n = 10;
  const double a = 500e-9, b = 50e9;
  const double best = std::sqrt((n - 2) * kBytes / (a * b));
  const auto time = [&](int c) { return ports.lock_step(*chain(TransferKind::broadcast, n, kBytes, c), n); };
  EXPECT_NEAR(time(static_cast<int>(best + 0.5)), kBytes / b + (n - 2) * a + 2 * std::sqrt((n - 2) * a * kBytes / b),
              1e-8);
  EXPECT_LT(time(static_cast<int>(best)), time(static_cast<int>(best / 2)));
  EXPECT_LT(time(static_cast<int>(best)), time(static_cast<int>(2 * best)));
}

Places domains_of(int nodes, int per_node) {
  Places places{nodes * per_node, {}, {}, {}};
  for (int d = 0; d < nodes; ++d) {
    places.domains.emplace_back(static_cast<std::size_t>(per_node));
    std::iota(places.domains.back().begin(), places.domains.back().end(), static_cast<std::uint32_t>(d * per_node));
  }
  return places;
}

// F14, with one bandwidth for both levels.
TEST(ClosedForms, TwoLevelsAreRingsInRings) {
  const Ports ports;
  for (const auto& [k, g] : {std::pair{4, 8}, {2, 4}, {8, 1}, {1, 8}}) {
    const auto steps = two_level(TransferKind::all_reduce, domains_of(k, g), kBytes);
    ASSERT_TRUE(steps);
    const double inside = 2 * kBytes * (g - 1) / g, between = 2 * kBytes / g * (k - 1) / k;
    EXPECT_NEAR(ports.time(*steps, k * g).seconds(), ports.form(2 * (g - 1) + 2 * (k - 1), inside + between),
                kRounding);
    EXPECT_NEAR(most_sent(*steps, k * g), inside + between, 1e-6);
  }
}

// F18: on a torus of side m with d dimensions every link carries the same, both ways.
TEST(ClosedForms, TorusRingsUseEveryLinkAlike) {
  for (const auto& [m, d] : {std::pair{4, 1}, {4, 2}, {4, 3}, {8, 3}}) {
    const int n = static_cast<int>(std::pow(m, d) + 0.5);
    Places places{n, {}, std::vector<int>(static_cast<std::size_t>(d), m), {}};
    places.on_torus.resize(static_cast<std::size_t>(n));
    std::iota(places.on_torus.begin(), places.on_torus.end(), 0u);
    const auto steps = torus_rings(TransferKind::reduce_scatter, places, kBytes);
    ASSERT_TRUE(steps);
    EXPECT_EQ(count(*steps), d * (m - 1));
    EXPECT_NEAR(most_sent(*steps, n), kBytes * (n - 1) / n, 1e-6);

    // A link from every vertex to its next and its last neighbour in every dimension.
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint32_t> link;
    for (const Step& step : *steps)
      for (const Message& message : step.messages)
        link.emplace(std::pair{message.from, message.to}, static_cast<std::uint32_t>(link.size()));
    EXPECT_EQ(link.size(), static_cast<std::size_t>(2 * d * n)) << "m " << m << ", d " << d;
    const std::int64_t b = 50'000'000'000;
    ChunkNet net(std::vector<BytesPerSecond>(link.size(), BytesPerSecond{b}));
    const auto way = [&](const Message& x) { return Way{{link.at({x.from, x.to})}, Duration::ns(500)}; };
    EXPECT_NEAR(net.run(*steps, n, 1, way).seconds(),
                d * (m - 1) * 500e-9 + kBytes / (2.0 * d * static_cast<double>(b)) * (1 - 1.0 / n), kRounding);
    const auto both = torus_rings(TransferKind::all_reduce, places, kBytes);
    EXPECT_NEAR(net.run(*both, n, 1, way).seconds(), 2 * net.run(*steps, n, 1, way).seconds(), kRounding);
  }
}

// With latencies halved and rates doubled everything takes half as long, and nothing is
// faster than its operation allows.
TEST(ClosedForms, HalveAndBound) {
  const Ports ports{.a_ns = 500}, twice{.a_ns = 250, .bytes_per_second = 100'000'000'000};
  for (const Form& f : forms()) {
    const double time = ports.time(*f.steps, f.ranks).seconds();
    EXPECT_NEAR(time, 2 * twice.time(*f.steps, f.ranks).seconds(), 1e-9) << f.name;
    EXPECT_GE(time + 1e-12, ports.form(0, f.sent)) << f.name;
    EXPECT_GE(time + 1e-12, ports.form(f.name[0] == 'F' ? 0 : 1, kBytes * (f.ranks - 1) / f.ranks)) << f.name;
  }
}

TEST(ClosedForms, OneRankAndNoBytesTakeNothing) {
  const Ports ports;
  for (const Algorithm algorithm : {Algorithm::two_level, Algorithm::recursive_doubling, Algorithm::halving_doubling,
                                    Algorithm::one_shot, Algorithm::two_shot}) {
    const auto alone = steps_of(algorithm, TransferKind::all_reduce, domains_of(1, 1), kBytes);
    ASSERT_TRUE(alone) << to_string(algorithm);
    EXPECT_EQ(ports.time(*alone, 1), Duration()) << to_string(algorithm);
    const auto nothing = steps_of(algorithm, TransferKind::all_reduce, domains_of(2, 2), 0);
    EXPECT_EQ(most_sent(*nothing, 4), 0) << to_string(algorithm);
  }
  // A size that does not divide is no less than its share.
  EXPECT_GE(ports.time(*ring_steps_of(TransferKind::all_gather, 7, 1001), 7).seconds() + 1e-15,
            ports.form(6, 1001.0 * 6 / 7));
  // Two ranks: ring, doubling and halving send the same bytes, but for the latter's whole buffer.
  EXPECT_EQ(most_sent(*ring_steps_of(TransferKind::all_reduce, 2, kBytes), 2),
            most_sent(*halving_doubling(TransferKind::all_reduce, 2, kBytes), 2));
}

TEST(ClosedForms, WhatAnAlgorithmDoesNotDoIsNothing) {
  EXPECT_FALSE(bruck(TransferKind::all_reduce, 8, kBytes));
  EXPECT_FALSE(halving_doubling(TransferKind::all_gather, 6, kBytes));
  EXPECT_FALSE(one_shot(TransferKind::broadcast, 8, kBytes));
  EXPECT_FALSE(torus_rings(TransferKind::all_reduce, domains_of(2, 4), kBytes));
  Places uneven = domains_of(2, 4);
  uneven.domains[1].pop_back();
  EXPECT_FALSE(two_level(TransferKind::all_reduce, uneven, kBytes));
}

}  // namespace
}  // namespace orrery::models

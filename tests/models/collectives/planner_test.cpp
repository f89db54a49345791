#include "models/collectives/planner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "clusters.h"
#include "sim/fold/planner.h"

namespace orrery::models {
namespace {

using sim::TransferKind;
using topology::LinkKind;

constexpr std::int64_t kMiB = 1 << 20, kGiB = 1 << 30;
constexpr TransferKind kAll[] = {TransferKind::all_reduce, TransferKind::all_gather, TransferKind::reduce_scatter,
                                 TransferKind::all_to_all, TransferKind::broadcast,  TransferKind::reduce,
                                 TransferKind::gather,     TransferKind::scatter};

TEST(Planner, NothingToDoTakesNoPhase) {
  const Bench bench(h100(2));
  for (TransferKind kind : kAll) {
    EXPECT_TRUE(bench.plan(kind, ranks(1), kGiB).phases.empty());
    EXPECT_TRUE(bench.plan(kind, ranks(16), 0).phases.empty());
  }
  EXPECT_TRUE(bench.plan(TransferKind::point_to_point, ranks(2), 0).phases.empty());
}

TEST(Planner, IdealLinksTakeNoTime) {
  topology::ClusterSpec spec = h100(2);
  spec.ideal = true;
  const Bench bench(spec);
  for (TransferKind kind : kAll) EXPECT_TRUE(bench.plan(kind, ranks(16), kGiB).phases.empty());
}

// F1 and F2: S (n-1)/n, twice for all-reduce, leave and reach every rank.
TEST(Planner, RingsSendWhatTheClosedFormSays) {
  const Bench bench(h100(1));
  for (std::uint32_t n : {2u, 3u, 4u, 8u})
    for (TransferKind kind : {TransferKind::all_reduce, TransferKind::all_gather, TransferKind::reduce_scatter}) {
      const auto group = ranks(n);
      const double steps = (kind == TransferKind::all_reduce ? 2.0 : 1.0) * (n - 1);
      const auto& plan = bench.plan(kind, group, kGiB);
      for (std::uint32_t r = 0; r < n; ++r)
        EXPECT_NEAR(bench.bytes_out(plan, {r}, {(r + 1) % n}, LinkKind::nvlink), steps * kGiB / n, 64);
      EXPECT_NEAR(bench.bytes_over(plan, LinkKind::nvlink), 2 * n * steps * kGiB / n, 64.0 * n);  // out and in
    }
}

// F15: at each node's boundary 2S(n-1)/n in total, spread over its NICs.
TEST(Planner, ARingOverNodesCrossesEachBoundaryOnce) {
  const Bench bench(h100(4));
  const auto group = ranks(32);
  const auto& plan = bench.plan(TransferKind::all_gather, group, kGiB);
  const double total = 31.0 / 32 * kGiB;
  EXPECT_NEAR(bench.bytes_over(plan, LinkKind::nic), 2 * 4 * total, 4096);
  for (std::uint32_t r = 0; r < 32; ++r)
    EXPECT_NEAR(bench.bytes_out(plan, {r}, {(r + 8) % 32}, LinkKind::nic), total / 8, 64);
  // Inside, each channel passes 7 of 8 edges.
  EXPECT_NEAR(bench.bytes_over(plan, LinkKind::nvlink), 2 * 4 * 7 * total, 4 * 4096);
}

// F13 with k = 2: every node sends exactly S and receives exactly S.
TEST(Planner, TwoNodesOfADoubleTreeExchangeTheBufferOnce) {
  const Bench bench(h100(2));
  const auto& plan = bench.plan(TransferKind::all_reduce, ranks(16), 64 * 1024);
  EXPECT_EQ(bench.planner->algorithm_name(plan.algorithm), "tree LL");
  EXPECT_NEAR(bench.bytes_over(plan, LinkKind::nic), 2 * 2 * 64 * 1024, 64);
}

// F13: at most 2S a node and direction (up and down of the inner tree and of the leaf).
TEST(Planner, ADoubleTreeLoadsNoNodeBeyondTwiceTheBuffer) {
  for (int nodes : {3, 4, 7, 8, 16}) {
    const Bench bench(h100(nodes));
    const auto& plan = bench.plan(TransferKind::all_reduce, ranks(static_cast<std::uint32_t>(nodes) * 8), 64 * 1024);
    ASSERT_EQ(bench.planner->algorithm_name(plan.algorithm), "tree LL");
    for (std::uint32_t node = 0; node < static_cast<std::uint32_t>(nodes); ++node) {
      double out = 0;
      for (std::uint32_t r = 0; r < 8; ++r)
        out += bench.bytes_out(plan, {node * 8 + r}, {(node * 8 + r + 8) % (static_cast<std::uint32_t>(nodes) * 8)},
                               LinkKind::nic);
      EXPECT_LE(out, 2.0 * 64 * 1024 * (nodes % 2 ? 1.5 : 1.0) + 64) << nodes;
    }
    EXPECT_NEAR(bench.bytes_over(plan, LinkKind::nic), 2.0 * 2 * (nodes - 1) * 64 * 1024, 512);
  }
}

// F16: every rank gives its buffer and what it reduced, and gets as much.
TEST(Planner, NvlsMovesTheBufferAndOneShareMore) {
  const Bench bench(with_nvls(h100(1)));
  const auto& plan = bench.plan(TransferKind::all_reduce, ranks(8), kGiB);
  EXPECT_EQ(bench.planner->algorithm_name(plan.algorithm), "nvls Simple");
  for (std::uint32_t r = 0; r < 8; ++r)
    EXPECT_NEAR(bench.bytes_out(plan, {r}, {(r + 1) % 8}, LinkKind::nvlink), 9.0 / 8 * kGiB, 64);
  // In-network reduction: below 2S (n-1)/n, never below S.
  EXPECT_GE(bench.seconds(TransferKind::all_reduce, ranks(8), kGiB), kGiB / 370.8e9);
}

// Two nodes of an NVLS tree send the buffer once each way, inside as NVLS does.
TEST(Planner, AnNvlsTreeCrossesTheNetworkLikeATree) {
  const Bench bench(with_nvls(h100(2)));
  const auto& plan = bench.plan(TransferKind::all_reduce, ranks(16), kGiB);
  EXPECT_EQ(bench.planner->algorithm_name(plan.algorithm), "nvls-tree Simple");
  EXPECT_NEAR(bench.bytes_over(plan, LinkKind::nic), 2.0 * 2 * kGiB, 4096);
}

// One rank a node: S (n-1)/n leave each, in as many steps as n has bits.
TEST(Planner, PatSendsWhatARingDoes) {
  const Bench bench(h100(16));
  const auto rail = ranks(16, 0, 8);
  const auto& plan = bench.plan(TransferKind::all_gather, rail, 64 * 1024);
  ASSERT_EQ(bench.planner->algorithm_name(plan.algorithm), "pat Simple");
  EXPECT_NEAR(bench.bytes_over(plan, LinkKind::nic), 2.0 * 15 * 64 * 1024, 512);
}

// F19: S (n-g)/n over the network; inside S (g-1)/n and, for the rails of
// neighbours, S (n-g)/n x (g-1)/g more.
TEST(Planner, AllToAllStaysOnItsRails) {
  const Bench bench(h100(4));
  const auto& plan = bench.plan(TransferKind::all_to_all, ranks(32), kGiB);
  const double network = 24.0 / 32 * kGiB, inside = 7.0 / 32 * kGiB + network * 7 / 8;
  for (std::uint32_t r = 0; r < 32; ++r) {
    EXPECT_NEAR(bench.bytes_out(plan, {r}, {(r + 8) % 32}, LinkKind::nic), network, 64);
    EXPECT_NEAR(bench.bytes_out(plan, {r}, {r / 8 * 8 + (r + 1) % 8}, LinkKind::nvlink), inside, 64);
  }
  EXPECT_GE(bench.seconds(TransferKind::all_to_all, ranks(32), kGiB), network / 50e9);
}

// F3: the buffer crosses every edge of the chain, and nothing closes it.
TEST(Planner, BroadcastIsAChain) {
  const Bench bench(h100(1));
  const auto& plan = bench.plan(TransferKind::broadcast, ranks(8), kGiB);
  for (std::uint32_t r = 0; r < 7; ++r) EXPECT_NEAR(bench.bytes_out(plan, {r}, {r + 1}, LinkKind::nvlink), kGiB, 64);
  EXPECT_EQ(bench.bytes_out(plan, {7}, {0}, LinkKind::nvlink), 0);
}

TEST(Planner, GatherAndScatterMeetAtTheFirstRank) {
  const Bench bench(h100(1));
  const auto& gather = bench.plan(TransferKind::gather, ranks(8), kGiB);
  EXPECT_NEAR(bench.bytes_out(gather, {3}, {0}, LinkKind::nvlink), kGiB / 8, 64);
  EXPECT_EQ(bench.bytes_out(gather, {0}, {3}, LinkKind::nvlink), 0);
  const auto& scatter = bench.plan(TransferKind::scatter, ranks(8), kGiB);
  EXPECT_NEAR(bench.bytes_out(scatter, {0}, {3}, LinkKind::nvlink), 7 * kGiB / 8, 64);
}

// No algorithm without reduction in the switch beats these.
TEST(Planner, RespectsLowerBounds) {
  for (const auto& spec : {a100(1), h100(1), b200(1), a100(4), h100(4), b200(4)}) {
    const Bench bench(spec);
    const double nvlink = static_cast<double>(spec.scale_up.bandwidth.n), nic = static_cast<double>(spec.fabric.link.n);
    for (std::uint32_t n : {2u, 4u, 8u, 16u, 32u}) {
      if (n > static_cast<std::uint32_t>(spec.gpus())) continue;
      for (std::int64_t bytes : {std::int64_t{1}, std::int64_t{1000}, kMiB + 7, 64 * kMiB, 4 * kGiB}) {
        const double s = static_cast<double>(bytes), share = (n - 1.0) / n;
        EXPECT_GE(bench.seconds(TransferKind::all_reduce, ranks(n), bytes), 2 * s * share / nvlink);
        for (TransferKind kind : {TransferKind::all_gather, TransferKind::reduce_scatter, TransferKind::all_to_all})
          EXPECT_GE(bench.seconds(kind, ranks(n), bytes), s * share / nvlink);
        EXPECT_GE(bench.seconds(TransferKind::broadcast, ranks(n), bytes), s / nvlink);
        // F14: between nodes at least 2 (S/g) (k-1)/k a NIC.
        const double g = 8, k = n / g;
        const double between = k > 1 ? 2 * s / g * (k - 1) / k / nic : 0;
        EXPECT_GE(bench.seconds(TransferKind::all_reduce, ranks(n), bytes), between);
      }
    }
  }
}

// What leaves ranks arrives at ranks: links come in pairs, out and in.
TEST(Planner, BytesSentAreBytesReceived) {
  const Bench bench(h100(4));
  for (TransferKind kind : kAll) {
    const auto& plan = bench.plan(kind, ranks(32), 3 * kMiB + 1);
    double sent = 0, received = 0;
    for (std::uint32_t r = 0; r < 32; ++r) {
      std::vector<LinkId> route;
      bench.fabric->route({r}, {r / 8 * 8 + (r + 1) % 8}, route);
      const auto load = [&](LinkId link) {
        for (const auto& use : *plan.phases[0].uses)
          if (use.link == link) return static_cast<double>(use.connections * plan.phases[0].bytes.n);
        return 0.0;
      };
      sent += load(route.front());
      route.clear();
      bench.fabric->route({r / 8 * 8 + (r + 7) % 8}, {r}, route);
      received += load(route.back());
    }
    EXPECT_GT(sent, 0);
    EXPECT_EQ(sent, received) << sim::to_string(kind);
  }
}

// A transfer alone never asks a link for more than it has.
TEST(Planner, NoLinkIsOverloadedByOneTransfer) {
  for (const auto& spec : {a100(1), h100(4), b200(2)}) {
    const Bench bench(spec);
    const auto n = static_cast<std::uint32_t>(spec.gpus());
    for (TransferKind kind : kAll)
      for (std::int64_t bytes : {8000l, 100'000l, 64 * kMiB})
        for (const auto& phase : bench.plan(kind, ranks(n), bytes).phases) {
          ASSERT_GT(phase.max_rate.n, 0);
          for (std::size_t i = 0; i < phase.uses->size(); ++i) {
            const sim::LinkUse use = (*phase.uses)[i];
            EXPECT_LE(use.connections * phase.max_rate.n, bench.fabric->links()[use.link].capacity.n);
            EXPECT_GT(use.connections, 0u);
            EXPECT_TRUE(i == 0 || (*phase.uses)[i - 1].link < use.link);
          }
        }
  }
}

// analytic is flow with nobody else around, and touches no link.
TEST(Planner, AnalyticIsFlowAlone) {
  const Bench flow(h100(4)), analytic(h100(4), Network::analytic);
  for (TransferKind kind : kAll)
    for (std::int64_t bytes : {std::int64_t{100}, kMiB, kGiB}) {
      EXPECT_EQ(flow.seconds(kind, ranks(32), bytes), analytic.seconds(kind, ranks(32), bytes));
      EXPECT_EQ(analytic.plan(kind, ranks(32), bytes).phases[0].uses, nullptr);
    }
}

TEST(Planner, OneGroupSharesItsLinksAmongKindsAndSizes) {
  const Bench bench(h100(2));
  const auto& a = bench.plan(TransferKind::all_gather, ranks(16), kGiB);
  const auto& b = bench.plan(TransferKind::reduce_scatter, ranks(16), kMiB);
  EXPECT_EQ(a.phases[0].uses, b.phases[0].uses);
  EXPECT_NE(a.phases[0].uses, bench.plan(TransferKind::all_gather, ranks(8), kGiB).phases[0].uses);
}

// Answers stay where they are while others are made.
TEST(Planner, PlansStayValidAndEqual) {
  const Bench bench(h100(8));
  const sim::TransferPlan* first = &bench.plan(TransferKind::all_reduce, ranks(8), kMiB);
  for (std::uint32_t i = 0; i < 56; ++i) bench.plan(TransferKind::point_to_point, {{i}, {i + 8}}, kMiB);
  EXPECT_EQ(first, &bench.plan(TransferKind::all_reduce, ranks(8), kMiB));
}

// Same hash fields, other ranks in between.
TEST(Planner, GroupsAreToldApartByEveryRank) {
  const Bench bench(h100(2));
  std::vector<RankId> a = ranks(8), b = a;
  std::swap(b[1], b[3]);
  EXPECT_NE(&bench.plan(TransferKind::all_reduce, a, kMiB), &bench.plan(TransferKind::all_reduce, b, kMiB));
}

// One NIC of 50 GB/s, 92 % of it usable: large data-parallel rings and sends run at 46 GB/s.
TEST(Planner, AloneOnItsRailARankGetsItsNic) {
  const Bench bench(h100(16));
  const auto rail = ranks(16, 3, 8);
  const double ring = 15.0 / 16 * 16 * kGiB / bench.seconds(TransferKind::all_gather, rail, 16 * kGiB);
  EXPECT_NEAR(ring / 46e9, 1, 0.02);
  const double send = kGiB / bench.seconds(TransferKind::point_to_point, {{0}, {8}}, kGiB);
  EXPECT_NEAR(send / 46e9, 1, 0.02);
}

// Half of an LL wire is flags: a small send over the network is slower a byte.
TEST(Planner, SmallSendsGoByLl) {
  const Bench bench(h100(2));
  EXPECT_EQ(bench.planner->algorithm_name(bench.plan(TransferKind::point_to_point, {{0}, {8}}, 1024).algorithm),
            "send LL");
  EXPECT_LT(bench.seconds(TransferKind::point_to_point, {{0}, {8}}, 1024), 15e-6);
}

TEST(Planner, ClaimsAreOfTransfersThatTakeSms) {
  const Bench bench(h100(2));
  // A ring in a node has 24 channels, one between nodes 16; each holds an SM.
  EXPECT_EQ(bench.plan(TransferKind::all_gather, ranks(8), kMiB).claim, 24);
  EXPECT_EQ(bench.plan(TransferKind::all_gather, ranks(16), kMiB).claim, 16);
  EXPECT_EQ(bench.plan(TransferKind::point_to_point, {{0}, {8}}, kMiB).claim, 4);
  EXPECT_EQ(bench.plan(TransferKind::copy, ranks(1), kMiB).claim, 0);
}

TEST(Planner, CopiesRunAtPcieSpeed) {
  for (int nodes : {1, 2}) {
    const Bench bench(h100(nodes));
    EXPECT_NEAR(kGiB / bench.seconds(TransferKind::copy, {{1}}, kGiB) / 55e9, 1, 0.01);
  }
}

// A copy loads the way to the host's memory, or the way back, a switch's uplink with it where GPUs share one.
TEST(Planner, CopiesLoadTheWayToTheHost) {
  topology::ClusterSpec shared = h100(2);
  shared.host.pcie_switches = 4;
  for (const topology::ClusterSpec& spec : {h100(2), shared}) {
    const Bench bench(spec);
    for (const TransferKind kind : {TransferKind::copy, TransferKind::copy_in}) {
      std::vector<LinkId> way, loaded;
      bench.fabric->host_route({1}, kind == TransferKind::copy, way);
      for (const sim::LinkUse& use : *bench.plan(kind, {{1}}, kGiB).phases.front().uses) loaded.push_back(use.link);
      std::sort(way.begin(), way.end());
      std::sort(loaded.begin(), loaded.end());
      EXPECT_EQ(loaded, way);
      EXPECT_EQ(loaded.size(), spec.host.pcie_switches == 4 ? 2 : 1);
      EXPECT_NEAR(kGiB / bench.seconds(kind, {{1}}, kGiB) / 55e9, 1, 0.01);
    }
  }
}

// What is short is slowed down more: twice the bytes take less than twice as long, and
// the longer they are the nearer to it.
TEST(Planner, TwiceTheBytesTakeNearlyTwiceAsLongBehindTheStartup) {
  const Bench bench(h100(1));
  double last = 1;
  for (std::int64_t bytes = 64 * kMiB; bytes <= 16 * kGiB; bytes *= 2) {
    const auto& one = bench.plan(TransferKind::reduce_scatter, ranks(8), bytes);
    const auto& two = bench.plan(TransferKind::reduce_scatter, ranks(8), 2 * bytes);
    const double ratio = (two.phases[0].bytes / two.phases[0].max_rate).seconds() /
                         (one.phases[0].bytes / one.phases[0].max_rate).seconds();
    EXPECT_EQ(one.phases[0].latency, two.phases[0].latency);
    EXPECT_GT(ratio, last);
    EXPECT_LT(ratio, 2);
    last = ratio;
  }
  EXPECT_GT(last, 1.98);
}

// What folding is shown of a group is what the group gets: also where it was made of
// another domain's by moving it, and where a slow link makes that wrong.
TEST(Planner, DraftsAreThePlans) {
  topology::ClusterSpec spec = h100(6);
  spec.faults.push_back({.link = "node4/gpu2 nvlink", .share = 0.5, .rate = {}, .where = {}});
  const Bench drafts(spec), plans(spec);
  const auto& planner = dynamic_cast<const sim::DraftingPlanner&>(*drafts.planner);
  const std::vector<sim::Wanted> wanted{{TransferKind::all_gather, {8 * kMiB}},
                                        {TransferKind::reduce_scatter, {8 * kMiB}},
                                        {TransferKind::all_reduce, {64 * 1024}}};
  for (const std::uint32_t first : {0u, 4u, 8u, 12u, 40u, 32u, 36u, 16u, 2u, 24u}) {
    const std::vector<RankId> group = ranks(4, first);
    const std::span<const sim::Draft> found = planner.drafts(group, wanted);
    ASSERT_EQ(found.size(), wanted.size());
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      const sim::TransferPlan& plan = plans.planner->plan({wanted[i].kind, group, wanted[i].bytes});
      ASSERT_EQ(found[i].phases.size(), plan.phases.size());
      EXPECT_EQ(found[i].claim, plan.claim);
      EXPECT_EQ(found[i].algorithm, plan.algorithm);
      for (std::size_t p = 0; p < plan.phases.size(); ++p) {
        EXPECT_EQ(found[i].phases[p].latency, plan.phases[p].latency);
        EXPECT_EQ(found[i].phases[p].bytes, plan.phases[p].bytes);
        EXPECT_EQ(found[i].phases[p].max_rate, plan.phases[p].max_rate) << first;
        EXPECT_TRUE(std::ranges::equal(found[i].phases[p].uses, *plan.phases[p].uses)) << first;
      }
    }
  }
}

}  // namespace
}  // namespace orrery::models

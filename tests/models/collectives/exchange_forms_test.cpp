#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "clusters.h"
#include "topology/catalogue.h"

// F12, F19 and F20: what all-to-alls put on a crossbar (one node), on rails and on a torus.

namespace orrery::models {
namespace {

using sim::TransferKind;
using topology::LinkKind;

constexpr std::int64_t kExchanged = (1 << 30) + 7;  // no share of it is whole

// `connections` of whole bytes each: a byte more or less a connection.
constexpr double kAByteEach = 4096;

struct NodesOf {
  int nodes, per_node;
};

// A NIC for every rank: S (n-g)/n over the network. Inside S (g-1)/n, and S (n-g)/n x (g-1)/g that leaves by other
// ranks' rails.
TEST(ExchangeForms, RailsCarryWhatTheClosedFormSays) {
  for (const auto& [nodes, per_node] : {NodesOf{4, 8}, {2, 8}, {3, 8}, {8, 1}, {2, 1}, {1, 8}, {1, 2}}) {
    const Bench bench(h100(nodes));
    std::vector<RankId> group;
    for (int node = 0; node < nodes; ++node)
      for (int r = 0; r < per_node; ++r) group.push_back({static_cast<std::uint32_t>(8 * node + r)});
    const double n = nodes * per_node, g = per_node, s = kExchanged;
    const double network = s * (n - g) / n, inside = s * (g - 1) / n + network * (g - 1) / g;
    const auto& plan = bench.plan(TransferKind::all_to_all, group, kExchanged);
    ASSERT_EQ(plan.phases.size(), 1u);
    EXPECT_NEAR(bench.bytes_over(plan, LinkKind::nic), 2 * n * network, n * kAByteEach) << nodes << " x " << per_node;
    EXPECT_NEAR(bench.bytes_over(plan, LinkKind::nvlink), 2 * n * inside, n * kAByteEach) << nodes << " x " << per_node;
    for (const RankId rank : group) {
      const RankId away{(rank.value + 8) % static_cast<std::uint32_t>(8 * nodes)};
      if (nodes > 1) {
        EXPECT_NEAR(bench.bytes_out(plan, rank, away, LinkKind::nic), network, kAByteEach);
      }
    }
    EXPECT_GE(bench.seconds(TransferKind::all_to_all, group, kExchanged), network / 50e9);
  }
}

TEST(ExchangeForms, NoBytesAndOneRankTakeNothing) {
  const Bench bench(h100(2));
  EXPECT_TRUE(bench.plan(TransferKind::all_to_all, ranks(16), 0).phases.empty());
  EXPECT_TRUE(bench.plan(TransferKind::all_to_all, ranks(1), kExchanged).phases.empty());
  // Fewer bytes than ranks: somebody sends nothing, and it still takes a launch.
  EXPECT_GT(bench.seconds(TransferKind::all_to_all, ranks(16), 3), 0);
}

// Pairs of leaves stand for all pairs of their ranks: as if every route were walked.
TEST(ExchangeForms, LeavesCarryWhatTheirRanksSend) {
  const SearchPath path({std::string(ORRERY_SOURCE_DIR) + "/scenarios"});
  for (const char* cluster :
       {"{preset: dgx-h100, nodes: 70}", "{preset: h800-deepseek, nodes: 70}", "{preset: aws-p4d, nodes: 70}",
        "{preset: hgx-h100-roce, nodes: 20, fabric: {leaf_radix: 32, pod_gpus: 64, oversubscription: 2}}",
        "{preset: dgx-h100, nodes: 40, fabric: {routing: deterministic}}",
        "{preset: dgx-h100, nodes: 40, faults: [{link: node3/nic2, capacity: 0.5}]}"}) {
    const auto spec = topology::read_cluster(parse_document(cluster, "test.yaml").value(), path);
    ASSERT_TRUE(spec) << cluster;
    const Bench bench(*spec);
    const auto n = static_cast<std::uint32_t>(spec->gpus());
    std::map<std::uint32_t, double> walked;  // parts of S/n, by link
    const auto walk = [&](std::uint32_t from, std::uint32_t to, double parts) {
      std::vector<LinkId> route;
      if (from != to) bench.fabric->route({from}, {to}, route);
      for (const LinkId link : route) walked[link.value] += parts;
    };
    for (std::uint32_t a = 0; a < n; ++a)
      for (std::uint32_t b = 0; b < n; ++b)
        if (a / 8 == b / 8)
          walk(a, b, 1 + n / 8 - 1);
        else if (a % 8 == b % 8)
          walk(a, b, 8);
    const auto& plan = bench.plan(TransferKind::all_to_all, ranks(n), kExchanged);
    ASSERT_EQ(plan.phases[0].uses->size(), walked.size()) << cluster;
    for (const sim::LinkUse& use : *plan.phases[0].uses)
      ASSERT_NEAR(
          static_cast<double>(use.connections * plan.phases[0].bytes.n) / (walked[use.link.value] * kExchanged / n), 1,
          1e-5)
          << cluster << " " << bench.fabric->link_name(use.link);
  }
}

// All 64 chips of a torus of side m in d dimensions send to all: m/4 hops a dimension on average.
TEST(ExchangeForms, ATorusCarriesEveryMessageOverItsHops) {
  const SearchPath path({std::string(ORRERY_SOURCE_DIR) + "/scenarios"});
  for (const auto& [dimensions, m, d] :
       {std::tuple{"[4, 4, 4]", 4.0, 3.0}, {"[8, 8]", 8.0, 2.0}, {"[64]", 64.0, 1.0}}) {
    const auto text = parse_document(
        "{preset: tpu-v4, gpus: 64, scale_up: {dimensions: " + std::string(dimensions) + "}}", "test.yaml");
    const auto spec = topology::read_cluster(text.value(), path);
    ASSERT_TRUE(spec) << dimensions;
    const Bench bench(*spec);
    const auto& plan = bench.plan(TransferKind::all_to_all, ranks(64), kExchanged);
    ASSERT_EQ(plan.phases.size(), 1u);
    const sim::Phase& phase = plan.phases[0];
    const double s = kExchanged, links = 64 * 2 * d;
    double sum = 0, most = 0;
    for (const sim::LinkUse& use : *phase.uses) {
      const double bytes = static_cast<double>(use.connections * phase.bytes.n);
      sum += bytes, most = std::max(most, bytes);
    }
    EXPECT_EQ(static_cast<double>(phase.uses->size()), links) << dimensions;
    EXPECT_NEAR(sum / (links * s * m / 8), 1, 1e-6) << dimensions;
    EXPECT_GE(most / (s * m / 8), 1 - 1e-6) << dimensions;
    // The half way round goes one of two ways: at most as many more as there are such.
    EXPECT_LE(most / (s * (m + 2) / 8), 1 + 1e-6) << dimensions;
    EXPECT_GE(bench.seconds(TransferKind::all_to_all, ranks(64), kExchanged), s * m / (8 * 300e9 / (2 * d)));
  }
}

}  // namespace
}  // namespace orrery::models

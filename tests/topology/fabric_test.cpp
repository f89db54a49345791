#include "topology/fabric.h"

#include <set>

#include "tests/topology/support.h"
#include "topology/graph.h"

namespace orrery::topology {
namespace {

using Names = std::vector<std::string>;

std::string tree(const std::string& kind, int nodes, int radix, const std::string& more = "") {
  return "{preset: dgx-h100, nodes: " + std::to_string(nodes) + ", fabric: {kind: " + kind +
         ", leaf_radix: " + std::to_string(radix) + more + "}}";
}

TEST(Routes, InsideANodeGoThroughNvlink) {
  const Fabric f = fabric("{preset: dgx-h100, nodes: 2}");
  EXPECT_EQ(named_route(f, 8, 13), (Names{"node1/gpu0 nvlink out", "node1/gpu5 nvlink in"}));
  EXPECT_EQ(f.latency({8}, {13}), Duration());
}

TEST(Routes, ToOneselfCrossNothing) {
  EXPECT_TRUE(route(fabric("{preset: dgx-h100, nodes: 2}"), 3, 3).empty());
}

TEST(Routes, OfOneRailStayOnTheirLeafInsideAScalableUnit) {
  const Fabric f = fabric("{preset: dgx-h100, nodes: 64}");
  EXPECT_EQ(named_route(f, 3, 31 * 8 + 3),
            (Names{"node0/gpu3 pcie out", "node0/nic3 out", "node31/nic3 in", "node31/gpu3 pcie in"}));
}

TEST(Routes, AcrossRailsClimbToTheSpine) {
  const Fabric f = fabric("{preset: dgx-h100, nodes: 64}");
  EXPECT_EQ(named_route(f, 3, 8 + 5), (Names{"node0/gpu3 pcie out", "node0/nic3 out", "leaf3 up", "leaf5 down",
                                             "node1/nic5 in", "node1/gpu5 pcie in"}));
}

// 32 ports of a 64-port leaf point down, so the 33rd node of a rail hangs on another leaf.
TEST(Routes, OfOneRailClimbBetweenScalableUnits) {
  const Fabric f = fabric("{preset: dgx-h100, nodes: 64}");
  EXPECT_EQ(named_route(f, 3, 32 * 8 + 3), (Names{"node0/gpu3 pcie out", "node0/nic3 out", "leaf3 up", "leaf11 down",
                                                  "node32/nic3 in", "node32/gpu3 pcie in"}));
}

// Eight NICs a node and 32 ports down: four nodes a leaf.
TEST(Routes, InAFatTreeNodesFillLeavesInOrder) {
  const Fabric f = fabric(tree("fat-tree", 16, 64));
  EXPECT_EQ(route(f, 0, 3 * 8 + 7).size(), 4u);
  EXPECT_EQ(named_route(f, 0, 4 * 8)[2], "leaf0 up");
  EXPECT_EQ(named_route(f, 0, 4 * 8)[3], "leaf1 down");
}

// Meta's pods of 3,072 GPUs: the first GPU of the second pod is three levels away.
TEST(Routes, BetweenPodsPassTheCore) {
  const Fabric f = fabric("{preset: meta-24k, gpus: 6144}");
  EXPECT_EQ(route(f, 0, 3071).size(), 6u);
  const Names across = named_route(f, 0, 3072);
  EXPECT_EQ(across.size(), 8u);
  EXPECT_EQ(across[3], "pod0 up");
  EXPECT_EQ(across[4], "pod1 down");
}

TEST(Routes, GpusThatShareANicShareItsLink) {
  const Fabric f = fabric("{preset: a100-jean-zay, nodes: 2}");
  EXPECT_EQ(route(f, 0, 8)[1], route(f, 1, 8)[1]);
  EXPECT_NE(route(f, 0, 8)[0], route(f, 1, 8)[0]);
  EXPECT_NE(route(f, 0, 8)[1], route(f, 2, 8)[1]);
}

TEST(Routes, InsideAnNvlDomainNeverTouchTheNetwork) {
  const Fabric f = fabric("{preset: gb200-nvl72, gpus: 144}");
  EXPECT_TRUE(f.same_domain({0}, {71}));
  EXPECT_FALSE(f.same_domain({71}, {72}));
  EXPECT_EQ(route(f, 0, 71).size(), 2u);
  EXPECT_GE(route(f, 0, 72).size(), 4u);
}

TEST(Routes, OfAnIdealClusterAreFree) {
  const Fabric f = fabric("{preset: ideal, nodes: 100}");
  EXPECT_TRUE(f.links().empty());
  EXPECT_TRUE(route(f, 0, 799).empty());
  EXPECT_EQ(f.latency({0}, {799}), Duration());
}

TEST(Latency, GrowsWithTheSwitchesPassed) {
  const Fabric f = fabric("{preset: meta-24k, gpus: 6144}");
  const FabricSpec& spec = f.cluster().fabric;
  EXPECT_EQ(f.latency({0}, {8}), spec.latency);                             // one rack
  EXPECT_EQ(f.latency({0}, {16}), spec.latency + 2 * spec.switch_latency);  // one pod
  EXPECT_EQ(f.latency({0}, {3072}), spec.latency + 4 * spec.switch_latency);
}

// A tree with more leaves than a spine switch has ports needs a third level.
TEST(FatTree, GrowsAThirdLevelWhenTwoDoNotReach) {
  EXPECT_EQ(route(fabric(tree("fat-tree", 16, 16)), 0, 15 * 8).size(), 6u);  // 16 leaves of 16 ports
  EXPECT_EQ(route(fabric(tree("fat-tree", 17, 16)), 0, 16 * 8).size(), 8u);
}

TEST(FatTree, OneLeafNeedsNoSpine) {
  const Fabric f = fabric(tree("fat-tree", 4, 64));
  for (const FabricLink& link : f.links()) EXPECT_NE(link.kind, LinkKind::spine);
}

TEST(FatTree, UplinksCarryDownPortsOverTheRatio) {
  const Fabric f = fabric(tree("fat-tree", 16, 64, ", oversubscription: 4"));
  for (const FabricLink& link : f.links())
    if (link.kind == LinkKind::spine) {
      EXPECT_NEAR(gb(link.capacity), 32 * 50 * 0.96 / 4, 1e-6);
    }
}

// Every kind of fabric, at sizes that leave leaves and pods partly filled.
class EveryFabric : public testing::TestWithParam<std::string> {};

// The graph is wired from the same coordinates but never asked for routes: a
// route must be a walk in it, from the one GPU to the other, without a detour.
TEST_P(EveryFabric, RoutesAreWalksInTheGraph) {
  const Fabric f = fabric(GetParam());
  const FabricGraph graph = graph_of(f);
  ASSERT_EQ(graph.edges.size(), f.links().size());
  IdVector<LinkId, FabricGraph::Edge> edge(graph.edges.size());
  for (const FabricGraph::Edge& e : graph.edges) edge[e.link] = e;
  const auto gpus = static_cast<std::uint32_t>(f.gpus());
  const std::uint32_t stride = gpus / 40 + 1;
  for (std::uint32_t a = 0; a < gpus; a += stride) {
    for (std::uint32_t b = 0; b<gpus; b += stride> 1 ? stride - 1 : 1) {
      std::uint32_t at = a;
      std::set<LinkId> seen;
      for (LinkId link : route(f, a, b)) {
        ASSERT_LT(link.value, f.links().size());
        ASSERT_TRUE(seen.insert(link).second) << "link crossed twice";
        ASSERT_EQ(edge[link].from, at) << f.link_name(link) << " from " << a << " to " << b;
        at = edge[link].to;
      }
      ASSERT_EQ(at, b);
    }
  }
}

TEST_P(EveryFabric, TheWayBackIsAsLong) {
  const Fabric f = fabric(GetParam());
  const auto gpus = static_cast<std::uint32_t>(f.gpus());
  for (std::uint32_t a = 0; a < gpus; a += gpus / 30 + 1) {
    EXPECT_EQ(route(f, a, gpus - 1).size(), route(f, gpus - 1, a).size()) << a;
    EXPECT_EQ(f.latency({a}, {gpus - 1}), f.latency({gpus - 1}, {a}));
  }
}

TEST_P(EveryFabric, LinksAreInPairsWithNamesOfTheirOwn) {
  const Fabric f = fabric(GetParam());
  std::set<std::string> names;
  for (std::uint32_t id = 0; id < f.links().size(); ++id) {
    EXPECT_TRUE(names.insert(f.link_name({id})).second) << f.link_name({id});
    EXPECT_GT(f.links()[{id}].capacity.n, 0);
    EXPECT_EQ(f.links()[{id}].capacity, f.links()[{id ^ 1u}].capacity);
  }
}

// Without oversubscription a permutation between halves runs at NIC speed, and
// never faster than NICs.
TEST_P(EveryFabric, BisectionIsAtMostTheNicsOfHalf) {
  const Fabric f = fabric(GetParam());
  if (f.same_domain({0}, {static_cast<std::uint32_t>(f.gpus() - 1)})) return;
  BytesPerSecond all{0};
  for (const FabricLink& link : f.links())
    if (link.kind == LinkKind::nic) all.n += link.capacity.n / 2;
  std::int64_t nvlink = 0;  // of a domain that the cut goes through
  if (f.cluster().nvlink_domain > 0) nvlink = f.cluster().scale_up.usable.n * f.cluster().domain_gpus();
  EXPECT_LE(f.bisection().n, all.n / 2 + nvlink);
  EXPECT_GT(f.bisection().n, 0);
}

// Ids come from coordinates: two builds agree, and so does a larger cluster about its kinds of links.
TEST_P(EveryFabric, IdsAreTheSameEveryTime) {
  const Fabric a = fabric(GetParam()), b = fabric(GetParam());
  ASSERT_EQ(a.links().size(), b.links().size());
  for (std::uint32_t id = 0; id < a.links().size(); ++id) EXPECT_EQ(a.link_name({id}), b.link_name({id}));
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, EveryFabric,
    testing::Values(
        "{preset: dgx-h100, nodes: 1}", "{preset: dgx-h100, nodes: 33}", "{preset: dgx-a100, nodes: 81}",
        "{preset: dgx-h100, nodes: 7, fabric: {kind: single-switch}}", "{preset: hgx-h100-roce, nodes: 5}",
        "{preset: a100-jean-zay, nodes: 48}", "{preset: aws-p4d, nodes: 9, gpus_per_node: 2}",
        "{preset: aws-p5, nodes: 3}", "{preset: gb200-nvl72, gpus: 216}", "{preset: dgx-2, nodes: 40}",
        "{preset: hgx-h100-roce, nodes: 37, fabric: {leaf_radix: 16, oversubscription: 3}}",
        "{preset: dgx-h100, nodes: 90, fabric: {leaf_radix: 16}}",
        "{preset: meta-24k, nodes: 30, fabric: {pod_gpus: 64}}",
        // without NVSwitch
        "{preset: dgx-1v, nodes: 3}", "{preset: dgx-1v, nodes: 2, gpus_per_node: 3}", "{preset: tpu-v4, nodes: 16}",
        "{preset: tpu-v4, nodes: 6}",
        "{gpu: l40s, nodes: 3, gpus_per_node: 8, scale_up: {kind: pcie}, host: {pcie: gen4, nics: 1}, fabric: "
        "{kind: fat-tree, link: 100Gb/s}}",
        "{gpu: gh200, nodes: 5, gpus_per_node: 4, scale_up: {kind: mesh, generation: nvlink4}, fabric: {kind: "
        "dragonfly, link: 200Gb/s, leaf_radix: 8, pod_gpus: 8}}",
        // the other kinds of fabric
        "{preset: dgx-h100, nodes: 33, fabric: {kind: rail-only}}", "{preset: h800-deepseek, nodes: 40}",
        "{preset: h800-deepseek, nodes: 90, fabric: {leaf_radix: 8}}",
        "{preset: h800-deepseek, nodes: 90, fabric: {leaf_radix: 8, routing: ecmp}}",
        "{preset: dgx-h100, nodes: 90, fabric: {leaf_radix: 16, routing: ecmp}}",
        "{preset: hgx-h100-roce, nodes: 37, fabric: {leaf_radix: 16, oversubscription: 3, routing: "
        "deterministic}}",
        "{preset: meta-24k, nodes: 30, fabric: {pod_gpus: 64, routing: ecmp, queue_pairs: 4}}",
        "{preset: dgx-h100, nodes: 40, fabric: {kind: dragonfly, leaf_radix: 16, pod_gpus: 64}}",
        "{preset: dgx-h100, nodes: 40, fabric: {kind: dragonfly, leaf_radix: 16, pod_gpus: 64, routing: "
        "adaptive}}",
        "{preset: dgx-h100, nodes: 24, fabric: {kind: torus}}",
        "{preset: dgx-h100, nodes: 24, fabric: {kind: torus, dimensions: [6, 4]}}",
        "{preset: gb200-nvl72, gpus: 144, fabric: {kind: nvl-domain}}"));

TEST(Fabric, SixteenThousandGpusAreWired) {
  const Fabric f = fabric("{preset: meta-24k, gpus: 16384}");
  EXPECT_EQ(f.gpus(), 16384);
  EXPECT_EQ(route(f, 0, 16383).size(), 8u);
}

}  // namespace
}  // namespace orrery::topology

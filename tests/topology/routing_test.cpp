#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <set>

#include "tests/topology/support.h"
#include "topology/graph.h"

// Which of several ways a flow takes: spread, hashed, by destination, around what failed.
namespace orrery::topology {
namespace {

using Names = std::vector<std::string>;

// One GPU and one NIC a node: an endpoint of the fabric.
std::string hosts(int nodes, const std::string& fabric, const std::string& more = "") {
  return "{preset: hgx-h100-roce, gpus_per_node: 1, host: {nics: 8}, nodes: " + std::to_string(nodes) + ", fabric: {" +
         fabric + "}" + more + "}";
}

int count(const Fabric& f, const std::string& what) {
  const FabricGraph graph = graph_of(f);
  int n = 0;
  for (std::uint32_t v = graph.network; v < graph.vertices; ++v) n += vertex_name(f, graph, v).rfind(what, 0) == 0;
  return n;
}

// A folded Clos network of k-port switches: k^3/4 hosts on k^2/2 leaves, k^2/2 spines, k^2/4 cores.
TEST(FatTree, CountsAreTheClosedForms) {
  const Fabric three = fabric(hosts(128, "leaf_radix: 8, routing: ecmp"));
  EXPECT_EQ(count(three, "leaf"), 32);
  EXPECT_EQ(count(three, "spine"), 32);
  EXPECT_EQ(count(three, "core"), 16);
  const Fabric two = fabric(hosts(2048, "leaf_radix: 64, routing: ecmp"));
  EXPECT_EQ(count(two, "leaf"), 64);
  EXPECT_EQ(count(two, "spine"), 32);
  EXPECT_EQ(count(two, "core"), 0);
}

// The routing rule does not change what the wires carry together.
TEST(FatTree, OneLinkAWireCarriesWhatTheBundleDid) {
  for (const char* shape :
       {"leaf_radix: 8", "leaf_radix: 16, oversubscription: 2", "leaf_radix: 16, oversubscription: 3"}) {
    const auto total = [&](const std::string& routing) {
      const Fabric f = fabric(hosts(100, shape + routing));
      double sum = 0;
      for (const FabricLink& link : f.links())
        if (link.kind == LinkKind::spine) sum += gb(link.capacity);
      return sum;
    };
    EXPECT_NEAR(total(", routing: ecmp") / total(""), 1, 1e-6) << shape;
    EXPECT_NEAR(total(", routing: deterministic") / total(""), 1, 1e-6) << shape;
  }
}

std::map<LinkId, int> spine_load(const Fabric& f, const std::vector<std::pair<std::uint32_t, std::uint32_t>>& flows) {
  std::map<LinkId, int> load;
  for (const auto& [a, b] : flows)
    for (LinkId link : route(f, a, b))
      if (f.links()[link].kind == LinkKind::spine) ++load[link];
  return load;
}

std::vector<std::pair<std::uint32_t, std::uint32_t>> shift(std::uint32_t nodes, std::uint32_t by) {
  std::vector<std::pair<std::uint32_t, std::uint32_t>> flows;
  for (std::uint32_t a = 0; a < nodes; ++a) flows.emplace_back(a, (a + by) % nodes);
  return flows;
}

// By destination, a shift by whole leaves puts one flow on every uplink and downlink.
TEST(Routing, DeterministicIsWithoutConflictOnShifts) {
  const Fabric f = fabric(hosts(512, "leaf_radix: 64, routing: deterministic"));
  const auto load = spine_load(f, shift(512, 32));
  EXPECT_EQ(load.size(), 2u * 512);
  for (const auto& [link, flows] : load) EXPECT_EQ(flows, 1) << f.link_name(link);
}

TEST(Routing, BalancedLoadsEqualLinksEquallyUnderAPermutation) {
  for (const char* kind : {"kind: fat-tree, leaf_radix: 16", "kind: dragonfly, leaf_radix: 16, pod_gpus: 64"}) {
    const Fabric f = fabric(hosts(64, kind));
    std::set<int> loads;
    for (const auto& [link, flows] : spine_load(f, shift(64, 8))) loads.insert(flows);
    EXPECT_EQ(loads, (std::set<int>{8})) << kind;
  }
}

double mean_of_largest(const std::vector<std::vector<int>>& bins) {
  double sum = 0;
  for (const auto& b : bins) sum += *std::max_element(b.begin(), b.end());
  return sum / static_cast<double>(bins.size());
}

// A leaf's 32 flows hashed over its 32 uplinks: the largest load is that of balls
// thrown into bins, about 3.5, not 1.
TEST(Routing, EcmpCollidesAsBallsInBinsDo) {
  constexpr int kLeaves = 64, kWays = 32;
  const Fabric f = fabric(hosts(kLeaves * 32, "leaf_radix: 64, routing: ecmp"));
  std::vector<std::vector<int>> hashed;
  for (std::uint32_t by : {32u, 64u, 416u, 1000u}) {
    std::map<std::string, std::vector<int>> of_leaf;
    for (const auto& [link, flows] : spine_load(f, shift(kLeaves * 32, by))) {
      const std::string name = f.link_name(link);
      if (name.find(" up") != std::string::npos) of_leaf[name.substr(0, name.find('-'))].push_back(flows);
    }
    for (auto& [leaf, loads] : of_leaf)
      if (by % 32 == 0) hashed.push_back(loads);
  }
  std::mt19937 random(1);
  std::vector<std::vector<int>> thrown(20'000, std::vector<int>(kWays, 0));
  for (auto& bins : thrown)
    for (int ball = 0; ball < 32; ++ball) ++bins[random() % kWays];
  EXPECT_NEAR(mean_of_largest(hashed) / mean_of_largest(thrown), 1, 0.05);
}

// Queue pairs are hashed for themselves: more of them, evener loads.
TEST(Routing, MoreQueuePairsSpreadAFlow) {
  const Fabric f = fabric(hosts(64, "leaf_radix: 64, routing: ecmp, queue_pairs: 16"));
  EXPECT_EQ(f.paths(), 16);
  std::set<LinkId> uplinks;
  for (std::uint32_t path = 0; path < 16; ++path) {
    std::vector<LinkId> links;
    f.route({0}, {40}, links, path);
    uplinks.insert(links[2]);
  }
  EXPECT_GT(uplinks.size(), 8u);
}

// Rails that never meet: NVLink to the GPU on the destination's rail comes first.
TEST(Rails, WithoutASpineAreReachedOverNvlink) {
  for (const char* kind : {"rail-only", "multi-plane"}) {
    const Fabric f = fabric(std::string("{preset: dgx-h100, nodes: 8, fabric: {kind: ") + kind + "}}");
    EXPECT_EQ(named_route(f, 1, 8 + 5), (Names{"node0/gpu1 nvlink out", "node0/gpu5 nvlink in", "node0/gpu5 pcie out",
                                               "node0/nic5 out", "node1/nic5 in", "node1/gpu5 pcie in"}));
    EXPECT_EQ(route(f, 1, 8 + 1).size(), 4u);
    EXPECT_EQ(f.latency({1}, {13}), f.cluster().fabric.latency);
  }
}

TEST(Dragonfly, GroupsAreJoinedPairwise) {
  const Fabric f = fabric("{preset: dgx-h100, nodes: 40, fabric: {kind: dragonfly, leaf_radix: 16, pod_gpus: 64}}");
  int global = 0;
  double out_of_group = 0;
  for (std::uint32_t id = 0; id < f.links().size(); ++id) {
    const std::string name = f.link_name({id});
    if (name.rfind("group", 0) == 0) ++global;
    if (name.rfind("group0-", 0) == 0 && id % 2 == 0) out_of_group += gb(f.links()[{id}].capacity);
  }
  EXPECT_EQ(global, 2 * 5 * 4 / 2);
  EXPECT_NEAR(out_of_group, 64 * 48, 1e-3);  // as its 64 NICs
  const FabricSpec& spec = f.cluster().fabric;
  EXPECT_EQ(f.latency({0}, {319}), spec.latency + 3 * spec.switch_latency);
}

// Groups 0 and 1 of 5 against 2, 3, 4: six of the ten bundles, each a quarter of a group's NICs.
TEST(Dragonfly, BisectionIsTheCablesAcross) {
  const Fabric f = fabric("{preset: dgx-h100, nodes: 32, fabric: {kind: dragonfly, leaf_radix: 16, pod_gpus: 64}}");
  EXPECT_NEAR(gb(f.bisection()), 4 * 64 * 48 / 3.0, 1e-3);  // 2 x 2 pairs of four groups
}

std::string tree_with(const std::string& faults, const std::string& routing = "balanced") {
  return "{preset: dgx-h100, nodes: 64, fabric: {routing: " + routing + "}, faults: [" + faults + "]}";
}

double up(const Fabric& f, const std::string& name) {
  for (std::uint32_t id = 0; id < f.links().size(); ++id)
    if (f.link_name({id}) == name) return gb(f.links()[{id}].capacity);
  ADD_FAILURE() << "no link " << name;
  return 0;
}

// One of 32 wires at half speed: evenly loaded, all go at its pace; adaptively, it takes half as much.
TEST(Faults, ASlowWireHoldsUpABundleThatIsLoadedEvenly) {
  const std::string slow = "{link: leaf3-spine1, capacity: 0.5}";
  EXPECT_NEAR(up(fabric(tree_with(slow)), "leaf3 up"), 32 * 48 * 0.5, 1e-6);
  EXPECT_NEAR(up(fabric(tree_with(slow, "adaptive")), "leaf3 up"), 31.5 * 48, 1e-6);
  EXPECT_NEAR(up(fabric(tree_with(slow)), "leaf2 up"), 32 * 48, 1e-6);
  const Fabric one_way = fabric(tree_with("{link: leaf3-spine1 up, capacity: 23GB/s}"));
  EXPECT_NEAR(up(one_way, "leaf3 up"), 32 * 23, 1e-6);
  EXPECT_NEAR(up(one_way, "leaf3 down"), 32 * 48, 1e-6);
}

TEST(Faults, AFailedWireLeavesTheOthersOfItsBundle) {
  for (const char* routing : {"balanced", "adaptive"})
    EXPECT_NEAR(up(fabric(tree_with("{link: leaf3-spine1, capacity: 0}", routing)), "leaf3 up"), 31 * 48, 1e-6);
}

TEST(Faults, FlowsAreHashedAroundAFailedWire) {
  for (const char* routing : {"ecmp", "deterministic"}) {
    const Fabric f = fabric(tree_with("{link: leaf3-spine1, capacity: 0}, {link: leaf3-spine7, capacity: 0}", routing));
    const Fabric whole = fabric(tree_with("", routing));
    int moved = 0;
    for (std::uint32_t b = 256; b < 512; ++b) {
      bool same = true;
      const auto way = route(f, 3, b);
      EXPECT_EQ(way.size(), 6u);
      for (LinkId link : way) {
        EXPECT_EQ(f.link_name(link).find("leaf3-spine1 "), std::string::npos);
        EXPECT_EQ(f.link_name(link).find("leaf3-spine7 "), std::string::npos);
      }
      same = way == route(whole, 3, b);
      moved += !same;
    }
    EXPECT_GT(moved, 0);
    EXPECT_LT(moved, 64) << "only flows of the failed wires move";
  }
}

// A torus of chips loses a wire: neighbours are three hops apart then.
TEST(Faults, ATorusIsRoutedAroundItsFailedWire) {
  const Fabric f = fabric("{preset: tpu-v4, nodes: 16, faults: [{link: ici 0.0.0-1.0.0, capacity: 0}]}");
  EXPECT_EQ(route(f, 0, 1).size(), 3u);
  EXPECT_EQ(route(f, 1, 2).size(), 1u);
}

// Its own NIC gone, a GPU leaves by a neighbour's.
TEST(Faults, AGpuWithoutItsNicUsesAnother) {
  const Fabric f = fabric(tree_with("{link: node0/nic3, capacity: 0}"));
  const Names names = named_route(f, 3, 8 + 3);
  EXPECT_EQ(names.size(), 8u);
  EXPECT_EQ(names.front(), "node0/gpu3 nvlink out");
  EXPECT_EQ(names[3], "node0/nic0 out");
}

TEST(Faults, TwoGpusWithoutAPathAreNamed) {
  const std::string cut =
      faults("{preset: dgx-h100, nodes: 2, gpus_per_node: 1, faults: [{link: node1/nic0, capacity: 0}]}");
  EXPECT_NE(cut.find("'cluster.faults' leave no path from node0/gpu0 to node1/gpu0"), std::string::npos) << cut;
  EXPECT_NE(faults("{preset: dgx-h100, nodes: 3, fabric: {kind: none}}").find("no path from node0/gpu0 to node1/gpu0"),
            std::string::npos);
}

TEST(Faults, AChipOfTheNvswitchesIsAQuarterOfAGpusLinks) {
  const Fabric f = fabric("{preset: dgx-h100, nodes: 1, faults: [{link: node0/gpu5-nvswitch1, capacity: 0}]}");
  EXPECT_NEAR(up(f, "node0/gpu5 nvlink out"), 370.8 * 3 / 4, 1e-6);
  EXPECT_NEAR(up(f, "node0/gpu4 nvlink out"), 370.8, 1e-6);
}

}  // namespace
}  // namespace orrery::topology

#include <filesystem>
#include <fstream>
#include <map>

#include "tests/topology/support.h"

// Networks that a file lists, against the ones that the same words build.
namespace orrery::topology {
namespace {

std::string written(const std::string& name, const std::string& text) {
  const std::string path = testing::TempDir() + name;
  std::ofstream(path) << text;
  return path;
}

// Eight DGX H100 on leaves of four nodes: by `kind`, and link by link.
constexpr const char* kTree =
    "{preset: dgx-h100, nodes: 8, fabric: {kind: fat-tree, link: 400Gb/s, leaf_radix: 64, oversubscription: 1}}";

std::string listed_tree() {
  const std::string file = written("tree.yaml", R"(
link: 400Gb/s
nodes: {name: node, count: 8, nics: 8}
switches: [{name: leaf, count: 2}, {name: spine, count: 4}]
links:
  - {from: "node[0-3]/nic[0-7]", to: leaf0}
  - {from: "node[4-7]/nic[0-7]", to: leaf1}
  - {from: "leaf[0-1]", to: "spine[0-3]", wires: 8}
)");
  return "{preset: dgx-h100, nodes: 8, fabric: {file: " + file + "}}";
}

TEST(ListedNetwork, CarriesWhatTheSameTreeByItsKindCarries) {
  const Fabric kind = fabric(kTree), list = fabric(listed_tree());
  EXPECT_EQ(list.gpus(), kind.gpus());
  EXPECT_EQ(list.bisection(), kind.bisection());
  for (std::uint32_t to : {1u, 8u, 31u, 32u, 63u}) {
    EXPECT_EQ(list.latency({0}, {to}), kind.latency({0}, {to})) << to;
    EXPECT_EQ(list.same_domain({0}, {to}), kind.same_domain({0}, {to})) << to;
  }
}

TEST(ListedNetwork, RoutesAreWalksOfTheListedLinks) {
  const Fabric f = fabric(listed_tree());
  EXPECT_EQ(named_route(f, 0, 8), (std::vector<std::string>{"node0/gpu0 pcie out", "node0/nic0-leaf0 out",
                                                            "node1/nic0-leaf0 in", "node1/gpu0 pcie in"}));
  const auto far = named_route(f, 3, 63);
  ASSERT_EQ(far.size(), 6u);
  EXPECT_EQ(far[2].substr(0, 11), "leaf0-spine");
  EXPECT_EQ(far[3].substr(0, 11), "leaf1-spine");
  EXPECT_EQ(far[2].substr(6, 6), far[3].substr(6, 6));  // up and down at the same spine
}

// As a subnet manager lays them: thirty-two ports behind the other leaf, four ways, eight each.
TEST(ListedNetwork, EquallyShortWaysShareTheDestinations) {
  const Fabric f = fabric(listed_tree());
  std::map<std::string, int> given;
  for (std::uint32_t to = 32; to < 64; ++to) ++given[named_route(f, 0, to)[2]];
  ASSERT_EQ(given.size(), 4u);
  for (const auto& [link, destinations] : given) EXPECT_EQ(destinations, 8) << link;
}

TEST(ListedNetwork, LatenciesAndRatesAreThoseThatAreWritten) {
  const std::string file = written("pair.yaml", R"(
efficiency: 1
latency: 2us
nodes: {name: n, count: 2, nics: 8}
switches: {name: s, count: 2}
links:
  - {from: "n0/nic[0-7]", to: s0, rate: 200Gb/s}
  - {from: "n1/nic[0-7]", to: s1, rate: 400Gb/s}
  - {from: s0, to: s1, rate: 800Gb/s, wires: 2, latency: 5us}
)");
  const Fabric f = fabric("{preset: dgx-h100, nodes: 2, fabric: {file: " + file + "}}");
  EXPECT_EQ(f.latency({0}, {8}), Duration::us(1 + 5 + 1));
  const auto links = route(f, 0, 8);
  EXPECT_EQ(f.links()[links[1]].capacity.n, 25'000'000'000);
  EXPECT_EQ(f.links()[links[2]].capacity.n, 200'000'000'000);  // two wires
  EXPECT_EQ(f.links()[links[3]].capacity.n, 50'000'000'000);
  EXPECT_EQ(f.cluster().fabric.link.n, 25'000'000'000);  // of the slowest NIC
  EXPECT_EQ(f.bisection().n, 200'000'000'000);
}

TEST(ListedNetwork, SeveralNicsOfAGpuAreOnePort) {
  const auto tree = [](const std::string& links) {
    return "{preset: dgx-h100, nodes: 2, fabric: {file: " +
           written("nics.yaml",
                   "link: 100Gb/s\nefficiency: 1\nnodes: {name: n, count: 2, nics: 16}\n"
                   "switches: {name: s, count: 2}\nlinks:\n  - {from: s0, to: s1, wires: 32}\n" +
                       links) +
           "}}";
  };
  const Fabric f = fabric(tree("  - {from: \"n0/nic[0-15]\", to: s0}\n  - {from: \"n1/nic[0-15]\", to: s1}\n"));
  EXPECT_EQ(f.links()[route(f, 0, 8)[1]].capacity.n, 25'000'000'000);  // 2 x 100 Gb/s
  EXPECT_NE(faults(tree("  - {from: \"n[0-1]/nic0\", to: s1}\n  - {from: \"n[0-1]/nic[1-15]\", to: s0}\n"))
                .find("lead to different switches ('s0', 's1'), which is not supported yet"),
            std::string::npos);
}

TEST(ListedNetwork, AJobMayUseTheFirstNodesOnly) {
  const std::string tree = listed_tree();
  EXPECT_EQ(fabric("{preset: dgx-h100, nodes: 4" + tree.substr(tree.find(", fabric"))).gpus(), 32);
  EXPECT_NE(faults("{preset: dgx-h100, nodes: 9" + tree.substr(tree.find(", fabric")))
                .find("tree.yaml' lists 8 nodes, but the cluster has 9"),
            std::string::npos);
}

TEST(ListedNetwork, KeysOfOtherKindsMeanNothing) {
  const auto with = [](const std::string& keys) {
    std::string tree = listed_tree();
    return faults(tree.insert(tree.rfind("}}"), ", " + keys));
  };
  EXPECT_NE(with("leaf_radix: 64").find("'cluster.fabric.leaf_radix' means nothing beside a file of the network"),
            std::string::npos);
  EXPECT_NE(with("kind: fat-tree").find("'cluster.fabric.kind' means nothing"), std::string::npos);
  EXPECT_NE(with("routing: ecmp").find("not supported yet"), std::string::npos);
}

// ibnetdiscover: two hosts behind two leaves of one director switch, in its own rates.
TEST(ListedNetwork, AnInfiniBandFabricIsBuiltAsItWasFound) {
  const std::string file = std::string(ORRERY_SHARED_DATA) + "/interop/topology/sb_ibnetdiscover.txt";
  if (!std::filesystem::exists(file)) GTEST_SKIP() << "shared data interop/topology is absent";
  const Fabric f = fabric("{preset: dgx-a100, nodes: 10, fabric: {file: " + file + "}}");
  EXPECT_EQ(f.cluster().fabric.link.n, 25'000'000'000);  // 4xHDR
  EXPECT_EQ(f.cluster().host.nics, 1);
  const auto names = named_route(f, 0, 79);  // through both line boards and the spine between them
  EXPECT_EQ(std::count_if(names.begin(), names.end(),
                          [](const std::string& name) { return name.find("MCS8500/S01/U1") != std::string::npos; }),
            2);
}

}  // namespace
}  // namespace orrery::topology

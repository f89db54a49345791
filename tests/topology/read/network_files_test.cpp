#include <filesystem>

#include "sim/base/text.h"
#include "tests/topology/support.h"
#include "topology/read/files/fabric_yaml.h"
#include "topology/read/files/ibnetdiscover.h"
#include "topology/read/files/listed_from.h"

// Files that describe the network between nodes.
namespace orrery::topology {
namespace {

std::string yaml_faults(const std::string& text) {
  const Result<FabricYaml> fabric = read_fabric_yaml(yaml(text));
  return fabric ? "" : told(fabric.errors());
}

constexpr const char* kTwoLeaves = R"(
link: 400Gb/s
nodes: {name: node, count: 4, nics: 2}
switches: [{name: leaf, count: 2}, {name: spine}]
links:
  - {from: "node[0-3]/nic0", to: leaf0}
  - {from: "node[0-3]/nic1", to: leaf1}
  - {from: "leaf[0-1]", to: spine, wires: 4, latency: 2us}
)";

TEST(FabricYaml, RangesNameEveryEnd) {
  const Result<FabricYaml> fabric = read_fabric_yaml(yaml(kTwoLeaves));
  ASSERT_TRUE(fabric.ok()) << told(fabric.errors());
  const ListedFabric& network = fabric->network;
  EXPECT_EQ(network.nodes.size(), 4u);
  EXPECT_EQ(network.switches, (std::vector<std::string>{"leaf0", "leaf1", "spine"}));
  ASSERT_EQ(network.links.size(), 10u);
  EXPECT_EQ(network.name(network.links[5].a), "node1/nic1");
  EXPECT_EQ(network.name(network.links[5].b), "leaf1");
  EXPECT_EQ(network.links[9].wires, 4);
  EXPECT_EQ(network.links[9].latency, Duration::us(2));
}

TEST(FabricYaml, PairsJoinTheFirstWithTheFirst) {
  const Result<FabricYaml> fabric = read_fabric_yaml(
      yaml("{link: 100Gb/s, nodes: {name: n, count: 2}, switches: {name: s, count: 2}, links: [{from: 'n[0-1]', "
           "to: 's[0-1]', pairs: true}, {from: s0, to: s1}]}"));
  ASSERT_TRUE(fabric.ok()) << told(fabric.errors());
  ASSERT_EQ(fabric->network.links.size(), 3u);
  EXPECT_EQ(fabric->network.name(fabric->network.links[1].b), "s1");
}

TEST(FabricYaml, WhatIsWrongIsToldWithItsPlace) {
  const auto with = [](const std::string& links) {
    return yaml_faults("{link: 100Gb/s, nodes: {name: n, count: 2}, switches: {name: s, count: 2}, links: [" + links +
                       "]}");
  };
  EXPECT_NE(with("{from: 'n[0-1]', to: s0}, {from: n0, to: s1}").find("a second link of 'n0/nic0'"), std::string::npos);
  EXPECT_NE(with("{from: n0, to: s0}").find("'n1/nic0' hangs on nothing"), std::string::npos);
  EXPECT_NE(with("{from: n0, to: s0}, {from: n1, to: s1}").find("no path from 'n0/nic0' to 'n1/nic0'"),
            std::string::npos);
  EXPECT_NE(with("{from: 'n[0-1]', to: leaf}").find("no node or switch is called 'leaf'"), std::string::npos);
  EXPECT_NE(with("{from: s0, to: s0}, {from: 'n[0-1]', to: s0}").find("to itself"), std::string::npos);
  EXPECT_NE(with("{from: 'n[1-0]', to: s0}").find("not a name or a range"), std::string::npos);
  EXPECT_NE(with("{from: 'n[0-1]', to: s0, rate: 100}").find("rate"), std::string::npos);
  EXPECT_NE(with("{from: 'n[0-1]', to: s0, rate: 0Gb/s}").find("carries nothing"), std::string::npos);
  EXPECT_NE(with("{from: 'n[0-1]', to: s0, wire: 2}").find("did you mean 'wires'?"), std::string::npos);
  EXPECT_NE(with("{from: n0/nic4, to: s0}").find("nic0 to nic0"), std::string::npos);
  EXPECT_NE(yaml_faults("{nodes: {name: a, count: 3}, switches: {name: a0}, links: []}").find("two things are called"),
            std::string::npos);
}

TEST(FabricYaml, HugeRangesAreBounded) {
  std::string text = "{link: 1Gb/s, nodes: {name: n, count: 60000}, switches: {name: s, count: 60000}, links: [";
  for (int i = 0; i < 50; ++i) text += "{from: 'n[0-59999]', to: 's[0-59999]'},";
  EXPECT_NE(yaml_faults(text + "]}").find("more than 500000 links"), std::string::npos);
}

TEST(IbNetDiscover, RateIsLanesTimesTheWord) {
  EXPECT_EQ(infiniband_rate("4xHDR").n, 25'000'000'000);
  EXPECT_EQ(infiniband_rate("4xNDR").n, 50'000'000'000);
  EXPECT_EQ(infiniband_rate("1xSDR").n, 250'000'000);  // 2.5 Gb/s on the wire, four fifths of it data
  EXPECT_EQ(infiniband_rate("4xABC").n, 0);
  EXPECT_EQ(infiniband_rate("xHDR").n, 0);
}

TEST(IbNetDiscover, ReadsTheSharedFabric) {
  const std::string file = std::string(ORRERY_SHARED_DATA) + "/interop/topology/sb_ibnetdiscover.txt";
  if (!std::filesystem::exists(file)) GTEST_SKIP() << "shared data interop/topology is absent";
  const Result<IbFabric> fabric = parse_ibnetdiscover(*read_text_file(file, 1 << 20), "ib.txt");
  ASSERT_TRUE(fabric.ok()) << told(fabric.errors());
  EXPECT_EQ(fabric->devices.size(), 18u);
  const Result<ListedFabric> listed = listed_from(*fabric, "ib.txt");
  ASSERT_TRUE(listed.ok()) << told(listed.errors());
  EXPECT_EQ(listed->switches.size(), 8u);
  ASSERT_EQ(listed->nodes.size(), 10u);
  EXPECT_EQ(listed->nodes[0], "RMD701091901003");
  EXPECT_EQ(listed->nics, 1);
  EXPECT_EQ(listed->links.size(), 10u + 5u + 2u);
}

std::string ib_faults(const std::string& text) {
  const Result<IbFabric> fabric = parse_ibnetdiscover(text, "ib.txt");
  return fabric ? "" : told(fabric.errors());
}

TEST(IbNetDiscover, WhatContradictsItselfIsTold) {
  const std::string two = "Switch 4 \"S-1\" # \"a\"\n[1] \"S-2\"[1] # \"b\" lid 1 4xHDR\n";
  EXPECT_EQ(ib_faults(two), "ib.txt:2:1: a link to 'S-2', which the file does not list\n");
  EXPECT_EQ(ib_faults(two + "Switch 4 \"S-2\" # \"b\"\n"), "ib.txt:2:1: port 1 of 'S-2' does not list this link\n");
  EXPECT_NE(ib_faults(two + "Switch 4 \"S-2\" # \"b\"\n[1] \"S-1\"[1] # \"a\" lid 1 4xEDR\n").find("another rate"),
            std::string::npos);
  EXPECT_NE(ib_faults(two + two).find("a second block for 'S-1'"), std::string::npos);
  EXPECT_NE(ib_faults("Switch 4 \"S-1\"\n[5] \"S-2\"[1] # 4xHDR\n").find("port 5 of a device with 4 ports"),
            std::string::npos);
  EXPECT_NE(ib_faults("Switch 4 \"S-1\"\n[1] \"S-2\"[1] # fast\n").find("no rate such as 4xHDR"), std::string::npos);
  EXPECT_NE(ib_faults("[1] \"S-2\"[1] # 4xHDR\n").find("before the device"), std::string::npos);
  EXPECT_NE(ib_faults("Switch\n").find("number of ports"), std::string::npos);
  EXPECT_NE(ib_faults("hello world\n").find("begins no line of ibnetdiscover"), std::string::npos);
  EXPECT_NE(ib_faults("").find("has no line"), std::string::npos);
}

}  // namespace
}  // namespace orrery::topology

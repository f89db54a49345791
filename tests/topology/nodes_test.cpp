#include <algorithm>
#include <map>
#include <set>

#include "tests/topology/support.h"
#include "topology/build/grid.h"

// The insides of nodes: who hangs on which PCIe switch, meshes, tori, boxes without NVLink.
namespace orrery::topology {
namespace {

using Names = std::vector<std::string>;

std::string box(const std::string& gpus, const std::string& host) {
  return "{gpu: l40s, nodes: 2, gpus_per_node: " + gpus + ", scale_up: {kind: pcie}, host: {" + host +
         "}, fabric: {kind: single-switch, link: 100Gb/s}}";
}

// Four GPUs a socket: the first four meet at their root complex, others cross the sockets' link.
TEST(PcieBox, SocketsAreCrossedByTheirLink) {
  const Fabric f = fabric(box("8", "pcie: gen4, nics: 2, numa: 2, cpu: amd"));
  EXPECT_EQ(named_route(f, 0, 3), (Names{"node0/gpu0 pcie out", "node0/gpu3 pcie in"}));
  EXPECT_EQ(named_route(f, 0, 4),
            (Names{"node0/gpu0 pcie out", "node0/numa0 out", "node0/numa1 in", "node0/gpu4 pcie in"}));
  EXPECT_NEAR(gb(f.links()[route(f, 0, 4)[1]].capacity), 16, 1e-9);  // NCCL's budget for xGMI
  EXPECT_TRUE(f.same_domain({0}, {7}));
}

TEST(PcieBox, OneNumaDomainHasNoSocketsToCross) {
  EXPECT_EQ(route(fabric(box("8", "pcie: gen4, nics: 2, numa: 1")), 0, 7).size(), 2u);
}

TEST(PcieBox, SwitchesAreClimbedBetween) {
  const Fabric f = fabric(box("8", "pcie: gen4, nics: 2, numa: 2, pcie_switches: 4"));
  EXPECT_EQ(route(f, 0, 1).size(), 2u);
  EXPECT_EQ(named_route(f, 0, 2),
            (Names{"node0/gpu0 pcie out", "node0/switch0 up", "node0/switch1 down", "node0/gpu2 pcie in"}));
  EXPECT_EQ(named_route(f, 0, 6), (Names{"node0/gpu0 pcie out", "node0/switch0 up", "node0/numa0 out", "node0/numa1 in",
                                         "node0/switch3 down", "node0/gpu6 pcie in"}));
}

// What root ports let pass between GPUs is a link of its own to each port, and another to those of other sockets. GPUs
// of one switch do not meet it, nor do copies to the host.
TEST(PcieBox, RootPortsLetPassWhatTheyCan) {
  const Fabric f = fabric(
      box("8", "pcie: gen4, nics: 2, numa: 2, pcie_switches: 4, peer_bandwidth: 6GB/s, peer_socket_bandwidth: 2GB/s"));
  EXPECT_EQ(route(f, 0, 1).size(), 2u);
  EXPECT_EQ(named_route(f, 0, 2), (Names{"node0/gpu0 pcie out", "node0/switch0 up", "node0/switch1 down",
                                         "node0/gpu2 pcie in", "node0/port0 peers out", "node0/port1 peers in"}));
  const std::vector<LinkId> far = route(f, 9, 14);
  ASSERT_EQ(far.size(), 10u);
  EXPECT_EQ(f.link_name(far[8]), "node1/port0 peers over sockets out");
  EXPECT_EQ(f.link_name(far[9]), "node1/port3 peers over sockets in");
  EXPECT_NEAR(gb(f.links()[far[6]].capacity), 6, 1e-9);
  EXPECT_NEAR(gb(f.links()[far[9]].capacity), 2, 1e-9);
  EXPECT_TRUE(f.links()[far[0]].joins_gpus());
  EXPECT_FALSE(f.links()[far[1]].joins_gpus() || f.links()[far[9]].joins_gpus());
  std::vector<LinkId> copy;
  f.host_route({0}, true, copy);
  EXPECT_EQ(copy.size(), 2u);
}

// Without switches every GPU has a port to itself; without a limit there is no such link.
TEST(PcieBox, PortsAreTheGpusOwnWithoutSwitches) {
  const std::string host = "pcie: gen4, nics: 2, numa: 2, cpu: amd";
  const Fabric f = fabric(box("4", host + ", peer_bandwidth: 6GB/s"));
  EXPECT_EQ(named_route(f, 0, 1),
            (Names{"node0/gpu0 pcie out", "node0/gpu1 pcie in", "node0/port0 peers out", "node0/port1 peers in"}));
  EXPECT_EQ(f.links().size(), fabric(box("4", host)).links().size() + 2 * 2 * 4);
  EXPECT_EQ(f.bisection(), fabric(box("4", host)).bisection());
}

TEST(PcieBox, OnlyThereDoRootPortsMatter) {
  EXPECT_NE(faults("{preset: dgx-h100, nodes: 1, host: {peer_bandwidth: 6GB/s}}").find("peer_bandwidth"),
            std::string::npos);
}

// One NIC for two sockets: the GPUs of the other socket reach it across.
TEST(Host, AFarNicCostsTheWayToIt) {
  const Fabric f = fabric(box("4", "pcie: gen4, nics: 1, numa: 2"));
  EXPECT_EQ(named_route(f, 1, 4),
            (Names{"node0/gpu1 pcie out", "node0/nic0 out", "node1/nic0 in", "node1/gpu0 pcie in"}));
  EXPECT_EQ(named_route(f, 2, 4), (Names{"node0/gpu2 pcie out", "node0/numa1 out", "node0/numa0 in", "node0/nic0 out",
                                         "node1/nic0 in", "node1/gpu0 pcie in"}));
}

// DGX A100: two GPUs share a PCIe switch, so their copies to the host share its uplink.
TEST(Host, GpusOfOneSwitchShareTheWayToMemory) {
  const Fabric f = fabric("{preset: dgx-a100, nodes: 2}");
  const auto way = [&](std::uint32_t gpu, bool to_host) {
    std::vector<LinkId> links;
    f.host_route({gpu}, to_host, links);
    return links;
  };
  ASSERT_EQ(way(0, true).size(), 2u);
  EXPECT_EQ(way(0, true)[1], way(1, true)[1]);
  EXPECT_NE(way(0, true)[1], way(2, true)[1]);
  EXPECT_EQ(f.link_name(way(8, false)[0]), "node1/switch0 down");
  EXPECT_EQ(f.link_name(way(8, false)[1]), "node1/gpu0 pcie in");
}

// DGX-2: 8 GPUs on each of two boards. The boards' trunk carries what their GPUs can send.
TEST(Dgx2, BoardsAreJoinedByATrunk) {
  const Fabric f = fabric("{preset: dgx-2, nodes: 1}");
  EXPECT_EQ(route(f, 0, 7).size(), 2u);
  EXPECT_EQ(named_route(f, 0, 8),
            (Names{"node0/gpu0 nvlink out", "nvswitch0/board0 up", "nvswitch0/board1 down", "node0/gpu8 nvlink in"}));
  EXPECT_NEAR(gb(f.links()[route(f, 0, 8)[1]].capacity), 8 * 120, 1e-6);
  EXPECT_NEAR(gb(f.bisection()), 8 * 120, 1e-6);
}

TEST(CubeMesh, NeighboursHaveTheirOwnWires) {
  const Fabric f = fabric("{preset: dgx-1v, nodes: 1}");
  EXPECT_NEAR(gb(f.links()[route(f, 0, 1)[0]].capacity), 20, 1e-9);
  EXPECT_NEAR(gb(f.links()[route(f, 0, 3)[0]].capacity), 40, 1e-9);
  std::map<std::uint32_t, double> sum;
  for (std::uint32_t a = 0; a < 8; ++a)
    for (std::uint32_t b = 0; b < 8; ++b)
      if (a != b && route(f, a, b).size() == 1) sum[a] += gb(f.links()[route(f, a, b)[0]].capacity);
  for (std::uint32_t a = 0; a < 8; ++a) EXPECT_NEAR(sum[a], 120, 1e-9) << a;  // six links of 20
}

// Six GPUs of DGX-1V are no neighbours of GPU 0 but for the four: the others are two hops away.
TEST(CubeMesh, OthersAreReachedThroughANeighbourOfBoth) {
  const Fabric f = fabric("{preset: dgx-1v, nodes: 1}");
  int direct = 0, relayed = 0;
  for (std::uint32_t b = 1; b < 8; ++b) (route(f, 0, b).size() == 1 ? direct : relayed)++;
  EXPECT_EQ(direct, 4);
  EXPECT_EQ(relayed, 3);
}

std::vector<RankId> ranks(std::uint32_t n) {
  std::vector<RankId> members;
  for (std::uint32_t i = 0; i < n; ++i) members.push_back({i});
  return members;
}

// Rings of half links, each both ways: no wire carries more than it has, and
// DGX-1V's six links a GPU are all used.
TEST(Rings, OfTheCubeMeshUseEveryNvlink) {
  const Fabric f = fabric("{preset: dgx-1v, nodes: 1}");
  const auto rings = f.rings(ranks(8));
  EXPECT_EQ(rings.size(), 12u);
  std::map<LinkId, int> load;
  for (const auto& ring : rings) {
    EXPECT_EQ(std::set<std::uint32_t>(ring.begin(), ring.end()).size(), 8u);
    for (std::size_t i = 0; i < 8; ++i) {
      const auto way = route(f, ring[i], ring[(i + 1) % 8]);
      ASSERT_EQ(way.size(), 1u);
      ++load[way[0]];
    }
  }
  for (const auto& [link, rings_on_it] : load)
    EXPECT_NEAR(rings_on_it * 10.0, gb(f.links()[link].capacity), 1e-9) << f.link_name(link);
  EXPECT_EQ(
      load.size(), f.links().size() - [&] {
        std::size_t others = 0;
        for (const FabricLink& link : f.links()) others += link.kind != LinkKind::nvlink;
        return others;
      }());
}

TEST(Rings, OfASwitchAreAnyOrder) {
  const auto rings = fabric("{preset: dgx-h100, nodes: 1}").rings(ranks(8));
  ASSERT_EQ(rings.size(), 1u);
  EXPECT_EQ(rings[0], (std::vector<std::uint32_t>{0, 1, 2, 3, 4, 5, 6, 7}));
}

// Four superchips, all wired to all: three ways round, each both ways.
TEST(Rings, OfAFullMeshUseEveryWire) {
  const Fabric f = fabric(
      "{gpu: gh200, nodes: 1, gpus_per_node: 4, scale_up: {kind: mesh, generation: nvlink4}, fabric: {kind: none}}");
  EXPECT_EQ(f.rings(ranks(4)).size(), 6u);
}

TEST(Grid, ConsecutivePlacesAreNeighbours) {
  const Grid grid({4, 3, 5}, 1);
  for (std::uint32_t v = 0; v + 1 < grid.size(); ++v) EXPECT_EQ(grid.walk(v, v + 1).size(), 1u) << v;
  for (std::uint32_t v = 0; v < grid.size(); ++v) EXPECT_EQ(grid.vertex(grid.coordinates(v)), v);
}

TEST(Grid, ShapesAreNearToCubes) {
  EXPECT_EQ(near_cube(64, 3), (std::vector<int>{4, 4, 4}));
  EXPECT_EQ(near_cube(128, 3), (std::vector<int>{4, 4, 8}));
  EXPECT_EQ(near_cube(4096, 3), (std::vector<int>{16, 16, 16}));
  EXPECT_EQ(near_cube(24, 2), (std::vector<int>{4, 6}));
  EXPECT_EQ(near_cube(7, 3), (std::vector<int>{1, 1, 7}));
}

// A torus has n wires a dimension; the longest way is half of each.
TEST(Torus, WiresAndDiameterAreClosedForms) {
  const Fabric f = fabric("{preset: tpu-v4, nodes: 32}");  // 4 x 4 x 8
  std::size_t ici = 0;
  for (const FabricLink& link : f.links()) ici += link.kind == LinkKind::nvlink;
  EXPECT_EQ(ici, 2u * 3 * 128);
  std::size_t longest = 0;
  for (std::uint32_t b = 1; b < 128; ++b) longest = std::max(longest, route(f, 0, b).size());
  EXPECT_EQ(longest, 2u + 2 + 4);
}

// Cut across the longest dimension, twice because it closes: 2 x 4 x 4 wires of 50 GB/s.
TEST(Torus, BisectionIsTheWiresOfTheCut) {
  EXPECT_NEAR(gb(fabric("{preset: tpu-v4, nodes: 32}").bisection()), 2 * 4 * 4 * 50, 1e-6);
  // 2 x 2 x 2 chips fill no cube: no dimension closes.
  EXPECT_NEAR(gb(fabric("{preset: tpu-v4, nodes: 2}").bisection()), 2 * 2 * 50, 1e-6);
}

// Every place to the place half a dimension on: even and odd take different ways, so all wires carry the same.
TEST(Torus, WaysOfOneLengthAreSharedOut) {
  const Grid grid({8}, 1);
  std::map<std::pair<std::uint32_t, bool>, int> load;
  for (std::uint32_t v = 0; v < 8; ++v)
    for (const Grid::Step& step : grid.walk(v, (v + 4) % 8)) ++load[{step.wire, step.forward}];
  EXPECT_EQ(load.size(), 16u);
  for (const auto& [wire, flows] : load) EXPECT_EQ(flows, 2);
}

}  // namespace
}  // namespace orrery::topology

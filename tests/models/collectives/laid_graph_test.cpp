// Rings and trees as NCCL laid them, in place of a search's.
#include "models/collectives/nccl/laid_graph.h"

#include <gtest/gtest.h>

#include "clusters.h"

namespace orrery::models {
namespace {

using sim::TransferKind;
using topology::LinkKind;

constexpr std::int64_t kGiB = 1 << 30;

// Four GPUs a node, each with a wire to every other.
topology::ClusterSpec mesh(int nodes) {
  topology::ClusterSpec spec = h100(nodes);
  spec.gpus_per_node = spec.physical_gpus_per_node = 4;
  spec.host.nics = 4;
  spec.scale_up.kind = "mesh";
  return spec;
}

// One ring 0 2 1 3, and a chain 0 1 2 3.
LaidGraph laid() {
  return {{{{0, 2, 1, 3}}, 40, 20, false}, {{{0, 1, 2, 3}}, 40, 20, false}, 0, 0, 0};
}

// The bytes that each pair of a node's GPUs sends over its wire.
struct Laid {
  Bench bench;
  std::shared_ptr<const sim::TransferPlanner> planner;
  const sim::TransferPlan* plan = nullptr;

  Laid(const topology::ClusterSpec& spec, Algorithm algorithm, const LaidGraph& graph) : bench(spec) {
    Forced forced;
    forced.algorithm = algorithm;
    forced.laid = std::make_shared<const LaidGraph>(graph);
    planner = make_planner(bench.fabric, models::Network::flow, facts_of(spec), forced);
    const auto group = ranks(static_cast<std::uint32_t>(bench.fabric->gpus()));
    plan = &planner->plan({TransferKind::all_reduce, group, {kGiB}});
  }
  double sent(std::uint32_t from, std::uint32_t to, LinkKind kind = LinkKind::nvlink) const {
    return bench.bytes_out(*plan, {from}, {to}, kind);
  }
};

TEST(LaidGraph, RingsLoadTheirOwnEdgesAlone) {
  const Laid ring(mesh(1), Algorithm::ring, laid());
  const std::pair<std::uint32_t, std::uint32_t> edges[] = {{0, 2}, {2, 1}, {1, 3}, {3, 0}};
  for (std::uint32_t from = 0; from < 4; ++from)
    for (std::uint32_t to = 0; to < 4; ++to) {
      if (from == to) continue;
      const bool is_edge = std::find(std::begin(edges), std::end(edges), std::pair(from, to)) != std::end(edges);
      EXPECT_NEAR(ring.sent(from, to), is_edge ? 1.5 * kGiB : 0, 64) << from << " to " << to;  // 2 (n-1)/n
    }
}

TEST(LaidGraph, TreesLoadTheirChainBothWays) {
  const Laid tree(mesh(1), Algorithm::tree, laid());
  for (std::uint32_t from = 0; from < 4; ++from)
    for (std::uint32_t to = 0; to < 4; ++to) {
      if (from == to) continue;
      EXPECT_NEAR(tree.sent(from, to), from + 1 == to || to + 1 == from ? kGiB : 0, 64);
    }
}

// A channel keeps to the NIC of its first GPU; with one channel the others are idle.
TEST(LaidGraph, ChannelsLeaveANodeByTheFirstGpusNic) {
  for (const Algorithm algorithm : {Algorithm::ring, Algorithm::tree}) {
    const Laid two(mesh(2), algorithm, laid());
    EXPECT_GT(two.sent(0, 4, LinkKind::nic), 0);
    for (std::uint32_t rank : {1u, 2u, 3u}) EXPECT_EQ(two.sent(rank, rank + 4, LinkKind::nic), 0);
  }
  LaidGraph crossing = laid();
  crossing.rings.cross_nic = true;
  const Laid ring(mesh(2), Algorithm::ring, crossing);
  EXPECT_GT(ring.sent(3, 4, LinkKind::nic), 0);
  EXPECT_EQ(ring.sent(0, 4, LinkKind::nic), 0);
}

// NCCL runs as many as rings and trees both have, twice over at half the speed; over more than two nodes it
// reckons with what a channel carries between them.
TEST(LaidGraph, GivesChannelsAndTheirSpeeds) {
  LaidGraph graph = laid();
  graph.rings.orders.push_back({0, 1, 2, 3});
  graph.trees.orders.insert(graph.trees.orders.end(), 3, {3, 2, 1, 0});
  graph.trees.speed_inside = 30;
  for (const int nodes : {1, 2, 4}) {
    const topology::ClusterSpec spec = mesh(nodes);
    const auto fabric = topology::Fabric::build(spec).value();
    Communicator c =
        make_communicator(fabric, make_site(spec, facts_of(spec)), ranks(4 * static_cast<unsigned>(nodes)));
    ASSERT_TRUE(is_laid_for(graph, c));
    lay(graph, c);
    EXPECT_EQ(c.graph.channels, 4);
    EXPECT_EQ(c.graph.spread % 4, 0);
    EXPECT_EQ(c.graph.speed, nodes <= 2 ? 20 : 10);
    EXPECT_EQ(c.graph.tree_speed, nodes <= 2 ? 15 : 10);
  }
}

TEST(LaidGraph, TellsTheHeadsThatReduceInSwitches) {
  const topology::ClusterSpec spec = with_nvls(h100(1));
  const auto fabric = topology::Fabric::build(spec).value();
  Communicator c = make_communicator(fabric, make_site(spec, facts_of(spec)), ranks(8));
  const ChannelGraph found = c.graph;
  ASSERT_EQ(found.heads, 8);
  LaidGraph graph{{{{0, 1, 2, 3, 4, 5, 6, 7}}, 30, 30, false}, {{{0, 1, 2, 3, 4, 5, 6, 7}}, 30, 30, false}, 4, 15, 0};
  lay(graph, c);
  EXPECT_EQ(c.graph.heads, 4);
  EXPECT_EQ(c.graph.nvls_intra, 15);
  EXPECT_EQ(c.graph.nvls_inter, found.nvls_inter);  // the file does not say
}

// Parts of nodes are left to the search.
TEST(LaidGraph, IsForWholeNodes) {
  const topology::ClusterSpec spec = mesh(1);
  const auto fabric = topology::Fabric::build(spec).value();
  EXPECT_FALSE(is_laid_for(laid(), make_communicator(fabric, make_site(spec, facts_of(spec)), ranks(3))));
}

}  // namespace
}  // namespace orrery::models

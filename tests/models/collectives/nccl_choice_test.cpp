#include "models/collectives/nccl_choice.h"

#include <gtest/gtest.h>

#include <numeric>

#include "models/collectives/link_uses.h"

namespace orrery::models {
namespace {

using sim::TransferKind;

// Ring graphs that NCCL's search rules give (the A100 one stands in a public log).
TEST(ChannelGraph, IsNcclsOnKnownNodes) {
  struct Row {
    Generation generation;
    double nvlink;
    int nodes, ranks, nics;
    double nic;
    int channels;
    double bus;
  };
  const Row rows[] = {
      {Generation::ampere, 240, 1, 8, 8, 25, 24, 240},      {Generation::hopper, 370.8, 1, 8, 8, 50, 24, 360},
      {Generation::blackwell, 721.8, 1, 8, 8, 50, 32, 720}, {Generation::hopper, 370.8, 8, 8, 8, 50, 16, 360},
      {Generation::ampere, 240, 8, 8, 8, 25, 16, 192},      {Generation::blackwell, 721.8, 4, 8, 8, 50, 16, 384}};
  for (const Row& r : rows) {
    const ChannelGraph g = channel_graph(r.generation, r.nvlink, r.nodes, r.ranks, r.nics, r.nic);
    EXPECT_EQ(g.channels, r.channels);
    EXPECT_NEAR(g.channels * g.speed, r.bus, 1e-9);
  }
}

Communicator communicator(Generation generation, int nodes, int ranks_per_node, double nvlink, double nic) {
  Communicator c;
  c.domains.assign(static_cast<std::size_t>(nodes), std::vector<RankId>(static_cast<std::size_t>(ranks_per_node)));
  c.ranks = nodes * ranks_per_node, c.ranks_per_domain = ranks_per_node;
  c.site = {generation, false, nvlink, nic};
  c.graph = channel_graph(generation, nvlink, nodes, ranks_per_node, ranks_per_node, nic);
  return c;
}

// 6.6 + 14 x 0.6 = 15.0; 8.4 + 14 x 3.4 = 56 and 2S x 7/8 at 360 GB/s.
TEST(NcclEstimate, RingsOfOneNodeByHand) {
  const Communicator h100 = communicator(Generation::hopper, 1, 8, 370.8, 50);
  EXPECT_NEAR(nccl_estimate(TransferKind::all_reduce, 0, h100, {Algorithm::ring, Protocol::ll}), 15.0, 1e-9);
  EXPECT_NEAR(nccl_estimate(TransferKind::all_reduce, 360e6, h100, {Algorithm::ring, Protocol::simple}), 56 + 1750,
              1e-6);
  EXPECT_NEAR(nccl_estimate(TransferKind::all_gather, 360e6, h100, {Algorithm::ring, Protocol::simple}),
              8.4 + 23.8 + 875, 1e-6);
}

// 2 x 8 H100: 6.8 + 2 (7 x 0.6 + 5) = 25.2 by tree; by ring 6.6 + 28 x 1 + 2 x 2.7
// (the proxy's 1 us beats the 0.6 of a hop). Measured: 30 us (docs/collectives.md).
TEST(NcclEstimate, SmallAllReducesOfTwoNodesGoByTree) {
  const Communicator c = communicator(Generation::hopper, 2, 8, 370.8, 50);
  EXPECT_NEAR(nccl_estimate(TransferKind::all_reduce, 0, c, {Algorithm::tree, Protocol::ll}), 25.2, 1e-9);
  EXPECT_NEAR(nccl_estimate(TransferKind::all_reduce, 0, c, {Algorithm::ring, Protocol::ll}), 40.0, 1e-9);
  EXPECT_EQ(nccl_choice(TransferKind::all_reduce, 1024, c), (Choice{Algorithm::tree, Protocol::ll}));
}

// Seen on 8 x H200: all-reduce by ring LL up to 1 MiB (ml-engineering, NCCL 2.27.7).
TEST(NcclChoice, LlForSmallAndSimpleForLarge) {
  const Communicator c = communicator(Generation::hopper, 1, 8, 370.8, 50);
  for (double bytes = 8; bytes <= 1 << 20; bytes *= 2)
    EXPECT_EQ(nccl_choice(TransferKind::all_reduce, bytes, c).protocol, Protocol::ll) << bytes;
  EXPECT_EQ(nccl_choice(TransferKind::all_reduce, 1 << 30, c).protocol, Protocol::simple);
}

// Latency is 2 log2(k) hops by tree and 2 (k-1) by ring.
TEST(NcclChoice, TreesWinOnManyNodesUntilBandwidthCounts) {
  const Communicator c = communicator(Generation::hopper, 128, 8, 370.8, 50);
  EXPECT_EQ(nccl_choice(TransferKind::all_reduce, 1 << 20, c).algorithm, Algorithm::tree);
  EXPECT_EQ(nccl_choice(TransferKind::all_reduce, 1ll << 36, c).algorithm, Algorithm::ring);
  EXPECT_EQ(nccl_choice(TransferKind::all_gather, 1 << 20, c).algorithm, Algorithm::ring);
}

TEST(NcclChoice, ProtocolsNeverGoBackAsMessagesGrow) {
  for (int ranks : {2, 4, 8}) {
    const Communicator c = communicator(Generation::ampere, 1, ranks, 240, 25);
    Protocol last = Protocol::ll;
    for (double bytes = 8; bytes < 1e11; bytes *= 1.1) {
      const Protocol p = nccl_choice(TransferKind::reduce_scatter, bytes, c).protocol;
      EXPECT_GE(p, last) << bytes;
      last = p;
    }
  }
}

// Both trees reach every node from one root, and no node has three children.
TEST(DoubleBinaryTree, SpansEveryNodeTwice) {
  for (int nodes = 2; nodes < 200; ++nodes)
    for (bool second : {false, true}) {
      std::vector<int> children(static_cast<std::size_t>(nodes));
      int roots = 0, deepest = 0;
      for (int node = 0; node < nodes; ++node) {
        const int parent = tree_parent(node, nodes, second);
        if (parent < 0)
          ++roots;
        else
          ++children[static_cast<std::size_t>(parent)];
        int depth = 0;
        for (int up = node; up >= 0 && depth <= nodes; up = tree_parent(up, nodes, second)) ++depth;
        deepest = std::max(deepest, depth);
      }
      EXPECT_EQ(roots, 1) << nodes;
      EXPECT_LE(*std::max_element(children.begin(), children.end()), 2) << nodes;
      EXPECT_LE(deepest, 2 + std::bit_width(static_cast<unsigned>(nodes))) << nodes;
    }
}

// For an even number of nodes, a leaf of one tree is an inner node of the other.
TEST(DoubleBinaryTree, LeavesOfOneAreInnerInTheOther) {
  for (int nodes = 2; nodes < 100; nodes += 2) {
    const auto inner = [&](int node, bool second) {
      for (int other = 0; other < nodes; ++other)
        if (tree_parent(other, nodes, second) == node) return true;
      return false;
    };
    for (int node = 0; node < nodes; ++node)
      EXPECT_NE(inner(node, false), inner(node, true)) << node << " of " << nodes;
  }
}

}  // namespace
}  // namespace orrery::models

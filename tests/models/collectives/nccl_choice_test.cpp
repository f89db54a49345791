#include <gtest/gtest.h>

#include <bit>
#include <numeric>

#include "clusters.h"
#include "models/collectives/links/link_uses.h"
#include "models/collectives/nccl/choice.h"

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
  const Row rows[] = {{Generation::ampere, 240, 1, 8, 8, 25, 24, 240},
                      {Generation::hopper, 370.8, 1, 8, 8, 50, 24, 360},
                      {Generation::blackwell, 721.8, 1, 8, 8, 50, 32, 720},
                      {Generation::hopper, 370.8, 8, 8, 8, 50, 16, 360},
                      {Generation::ampere, 240, 8, 8, 8, 25, 16, 192},
                      {Generation::blackwell, 721.8, 4, 8, 8, 50, 16, 384},
                      // Of 72 GPUs whose NVLinks 15 channels of 48 GB/s fill.
                      {Generation::blackwell, 721.8, 2, 72, 72, 50, 30, 720}};
  for (const Row& r : rows) {
    const ChannelGraph g = channel_graph(r.generation, r.nvlink, r.nodes, r.ranks, r.nics, r.nic);
    EXPECT_EQ(g.channels, r.channels);
    EXPECT_NEAR(g.channels * g.speed, r.bus, 1e-9);
  }
}

Communicator communicator(Generation generation, int nodes, int ranks_per_node, double nvlink, double nic,
                          const std::string& nccl = "") {
  Communicator c;
  for (int n = 0; n < nodes; ++n) c.domains.add(std::vector<RankId>(static_cast<std::size_t>(ranks_per_node)));
  c.ranks = nodes * ranks_per_node, c.ranks_per_domain = ranks_per_node;
  const int capability[] = {70, 80, 90, 100};
  topology::ClusterSpec spec;
  spec.gpu.compute_capability = capability[static_cast<int>(generation)];
  c.site.generation = generation, c.site.nvlink_budget = nvlink, c.site.nic_rate = nic;
  c.site.facts = facts_of(spec, nccl);
  c.graph =
      channel_graph(generation, nvlink, nodes, ranks_per_node, ranks_per_node, nic, c.site.facts->nccl.unknown_speeds);
  return c;
}

Communicator with_nvls(Communicator c) {
  c.site.nvls = true;
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

// Measured on the same B200: 2.28.9 runs LL128 between LL and Simple, 2.29.2 does not; H100 goes on with it.
TEST(NcclChoice, LeavesLl128InsideABlackwellNode) {
  const auto protocol = [](Generation generation, double nvlink, const char* version) {
    return nccl_choice(TransferKind::reduce_scatter, 32 << 20, communicator(generation, 1, 8, nvlink, 50, version))
        .protocol;
  };
  EXPECT_EQ(protocol(Generation::blackwell, 721.8, "2.28.9"), Protocol::ll128);
  EXPECT_EQ(protocol(Generation::blackwell, 721.8, "2.29.2"), Protocol::simple);
  EXPECT_EQ(protocol(Generation::hopper, 370.8, "2.29.2"), protocol(Generation::hopper, 370.8, "2.28.9"));
}

TEST(NcclChoice, SumsNoBytesInTheSwitches) {
  Communicator c = with_nvls(communicator(Generation::hopper, 1, 8, 370.8, 50));
  ASSERT_EQ(nccl_choice(TransferKind::all_reduce, 1 << 30, c).algorithm, Algorithm::nvls);
  c.int8 = true;
  EXPECT_EQ(nccl_choice(TransferKind::all_reduce, 1 << 30, c).algorithm, Algorithm::ring);
}

// Seen with NCCL 2.27.7 (ml-engineering): NVLS from five GPUs up on H200, from six up on B200, and
// from 2 MiB on with eight.
TEST(NcclChoice, NvlsWhereItIsSeen) {
  for (int ranks = 2; ranks <= 8; ++ranks) {
    const Communicator h200 = with_nvls(communicator(Generation::hopper, 1, ranks, 370.8, 50, "2.27.7"));
    const Communicator b200 = with_nvls(communicator(Generation::blackwell, 1, ranks, 721.8, 50, "2.27.7"));
    const auto large = [](const Communicator& c) { return nccl_choice(TransferKind::all_reduce, 8e9, c).algorithm; };
    EXPECT_EQ(large(h200), ranks >= 5 ? Algorithm::nvls : Algorithm::ring) << ranks;
    EXPECT_EQ(large(b200), ranks >= 6 ? Algorithm::nvls : Algorithm::ring) << ranks;
  }
  const Communicator h200 = with_nvls(communicator(Generation::hopper, 1, 8, 370.8, 50, "2.27.7"));
  EXPECT_EQ(nccl_choice(TransferKind::all_reduce, 1 << 20, h200), (Choice{Algorithm::ring, Protocol::ll}));
  EXPECT_EQ(nccl_choice(TransferKind::all_reduce, 2 << 20, h200).algorithm, Algorithm::nvls);
}

// 57.7, 45, 48 and 96 GB/s a head by eight heads: the bus bandwidths that NCCL reckons an
// NVLS tree with (docs/collectives.md); measured are 468, 385, 382 and 684.
TEST(NcclEstimate, NvlsTreesByHand) {
  struct Row {
    Generation generation;
    double nvlink, bus;
    int nodes;
  };
  for (const Row& r : {Row{Generation::hopper, 370.8, 462, 2}, Row{Generation::hopper, 370.8, 360, 8},
                       Row{Generation::blackwell, 721.8, 384, 4}, Row{Generation::blackwell, 721.8, 768, 2}}) {
    const Communicator c = with_nvls(communicator(r.generation, r.nodes, 8, r.nvlink, 50));
    const Choice tree{Algorithm::nvls_tree, Protocol::simple};
    const double per_byte = (nccl_estimate(TransferKind::all_reduce, 2e9, c, tree) -
                             nccl_estimate(TransferKind::all_reduce, 1e9, c, tree)) /
                            1e9;
    EXPECT_NEAR(2.0 * (c.ranks - 1) / c.ranks / per_byte / 1000, r.bus, 0.005 * r.bus) << r.nodes;
  }
}

// Before 2.28 NVLS has no efficiency and 5/6 of its heads' bandwidth: 8 x 40 GB/s inside a node of H100, a NIC's 45
// and a switch's 40 between two.
TEST(NcclEstimate, OlderVersionsReckonNvlsByFiveSixths) {
  const Choice nvls{Algorithm::nvls, Protocol::simple}, tree{Algorithm::nvls_tree, Protocol::simple};
  const Communicator one = with_nvls(communicator(Generation::hopper, 1, 8, 370.8, 50, "2.27"));
  EXPECT_NEAR(nccl_estimate(TransferKind::all_reduce, 800e6, one, nvls), 25 + 800e3 / (8 * 40 * 0.8333), 1e-6);
  EXPECT_NEAR(nccl_estimate(TransferKind::reduce_scatter, 800e6, one, nvls), 25 + 800e3 / (8 * 40 * 7.0 / 8), 1e-6);
  const Communicator two = with_nvls(communicator(Generation::hopper, 2, 8, 370.8, 50, "2.27"));
  EXPECT_NEAR(nccl_estimate(TransferKind::all_reduce, 800e6, two, tree), 53 + 800e3 / (8 * 40 * 0.8333), 1e-6);
}

// Two nodes of B200 with 2.26.2 take what NVLS trees do from 1 MiB on (dstackai/dstack, a run at Lambda): the search
// of that version leaves their trees at 48 GB/s, where 2.30 finds 86.
TEST(NcclChoice, PairsOfB200GoOverToNvlsTreesEarlyInOlderVersions) {
  const auto pair = [](const std::string& nccl) {
    return with_nvls(communicator(Generation::blackwell, 2, 8, 721.8, 50, nccl));
  };
  EXPECT_NEAR(pair("2.26").graph.tree_speed, 48 / 2.0, 1e-9);
  EXPECT_NEAR(pair("2.28").graph.tree_speed, 86 / 2.0, 1e-9);
  EXPECT_EQ(nccl_choice(TransferKind::all_reduce, 256 << 10, pair("2.26")).algorithm, Algorithm::tree);
  for (const double mib : {1.0, 16.0, 2048.0})
    EXPECT_EQ(nccl_choice(TransferKind::all_reduce, mib * (1 << 20), pair("2.26")).algorithm, Algorithm::nvls_tree);
}

// Without switches that reduce there is no NVLS, without SHARP none over nodes, and PAT
// is for one rank a node.
TEST(NcclChoice, WhatTheHardwareCannotDoIsNotChosen) {
  const Choice nvls{Algorithm::nvls, Protocol::simple}, pat{Algorithm::pat, Protocol::simple};
  const Communicator plain = communicator(Generation::hopper, 2, 8, 370.8, 50), node = with_nvls(plain);
  EXPECT_FALSE(nccl_can(TransferKind::all_reduce, plain, {Algorithm::nvls_tree, Protocol::simple}));
  EXPECT_TRUE(nccl_can(TransferKind::all_reduce, node, {Algorithm::nvls_tree, Protocol::simple}));
  EXPECT_FALSE(nccl_can(TransferKind::all_reduce, node, nvls));
  Communicator sharp = node;
  sharp.site.sharp = true;
  EXPECT_TRUE(nccl_can(TransferKind::all_reduce, sharp, nvls));
  EXPECT_TRUE(nccl_can(TransferKind::all_reduce, sharp, {Algorithm::collnet_chain, Protocol::simple}));
  EXPECT_FALSE(nccl_can(TransferKind::all_gather, node, pat));
  EXPECT_TRUE(nccl_can(TransferKind::all_gather, communicator(Generation::hopper, 64, 1, 370.8, 50), pat));
  EXPECT_FALSE(nccl_can(TransferKind::all_gather, communicator(Generation::hopper, 64, 1, 370.8, 50, "2.21"), pat));
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

Communicator told(Communicator c, const topology::NcclSpec& nccl) {
  topology::ClusterSpec spec;
  spec.gpu.compute_capability = 90;
  spec.nccl = nccl;
  c.site.facts = facts_of(spec);
  return c;
}

// As NCCL_PROTO and NCCL_ALGO: what a cluster's plugin or people set. What a person asks for goes before it, and an
// operation that can do nothing of it runs all the same.
TEST(NcclChoice, KeepsToWhatTheClusterIsTold) {
  const Communicator c = communicator(Generation::hopper, 2, 8, 370.8, 50);
  const Choice free = nccl_choice(TransferKind::all_reduce, 1024, c);
  Forced by_ll128;
  by_ll128.protocol = Protocol::ll128;
  EXPECT_EQ(free.protocol, Protocol::ll);
  EXPECT_EQ(nccl_choice(TransferKind::all_reduce, 1024, told(c, {"", {"Simple"}, {}, ""})).protocol, Protocol::simple);
  EXPECT_EQ(nccl_choice(TransferKind::all_reduce, 1024, told(c, {"", {}, {"ring"}, ""})).algorithm, Algorithm::ring);
  EXPECT_EQ(nccl_choice(TransferKind::all_gather, 1024, told(c, {"", {}, {"tree"}, ""})).algorithm, Algorithm::ring);
  EXPECT_EQ(nccl_choice(TransferKind::all_reduce, 1024, told(c, {"", {"Simple"}, {}, ""}), by_ll128).protocol,
            Protocol::ll128);
}

// Corners of aws-ofi-nccl's regions at 32 ranks, and halfway (in logarithms) between 32 and 64.
TEST(NcclChoice, FollowsATunerWhereItKnowsTheGroup) {
  const Communicator c =
      told(with_nvls(communicator(Generation::blackwell, 4, 8, 721.8, 50)), {"", {}, {}, "aws-p6-b200"});
  const auto at = [&](double bytes) { return nccl_choice(TransferKind::all_reduce, bytes, c); };
  constexpr double kMiB = 1 << 20;
  Forced by_tree;
  by_tree.algorithm = Algorithm::tree;
  EXPECT_EQ(at(0.3 * kMiB), (Choice{Algorithm::tree, Protocol::ll}));
  EXPECT_EQ(at(17.5 * kMiB), (Choice{Algorithm::tree, Protocol::ll128}));
  EXPECT_EQ(at(18 * kMiB), (Choice{Algorithm::ring, Protocol::ll128}));
  EXPECT_EQ(at(400 * kMiB), (Choice{Algorithm::nvls_tree, Protocol::simple}));
  EXPECT_EQ(at(416 * kMiB), (Choice{Algorithm::ring, Protocol::simple}));
  EXPECT_EQ(nccl_choice(TransferKind::all_reduce, 416 * kMiB, c, by_tree).algorithm, Algorithm::tree);

  const Tuner& tuner = *c.site.facts->tuner;
  EXPECT_EQ(tuner.choice(TransferKind::all_reduce, 645 * kMiB, 48, 6)->algorithm, Algorithm::nvls_tree);
  EXPECT_EQ(tuner.choice(TransferKind::all_reduce, 720 * kMiB, 48, 6)->algorithm, Algorithm::ring);
  EXPECT_FALSE(tuner.choice(TransferKind::all_reduce, kMiB, 16, 2)) << "two hosts are NCCL's own";
  EXPECT_FALSE(tuner.choice(TransferKind::all_reduce, kMiB, 4, 4)) << "one rank of each host";
  EXPECT_FALSE(tuner.choice(TransferKind::broadcast, kMiB, 32, 4));
}

// The times of its all-gathers are Simple's; of other operations nothing is known, and NCCL chooses.
TEST(NcclChoice, FollowsGooglesTunerForGathersAlone) {
  const Communicator c =
      told(communicator(Generation::hopper, 2, 8, 370.8, 25), {"", {"Simple", "LL128"}, {}, "gcp-a3-mega"});
  for (const double bytes : {64e3, 8e6, 64e6})
    EXPECT_EQ(nccl_choice(TransferKind::all_gather, bytes, c), (Choice{Algorithm::ring, Protocol::simple})) << bytes;
  EXPECT_EQ(nccl_choice(TransferKind::reduce_scatter, 64e3, c).protocol, Protocol::ll128);
}

TEST(NcclChoice, RefusesNamesThatNcclDoesNotKnow) {
  topology::ClusterSpec spec;
  spec.gpu.compute_capability = 90;
  spec.nccl = {"", {"LL64"}, {"star"}, "nobody"};
  const auto facts = read_collective_facts(SearchPath({std::string(ORRERY_SOURCE_DIR) + "/scenarios"}), spec, "",
                                           {"cluster.yaml", 3, 9});
  ASSERT_FALSE(facts.ok());
  ASSERT_EQ(facts.errors().size(), 3U);
  EXPECT_EQ(facts.errors()[0].what, "'LL64' is no protocol of NCCL's");
  EXPECT_EQ(facts.errors()[1].what, "'star' is no algorithm of NCCL's");
  EXPECT_EQ(facts.errors()[0].where.line, 3);
}

}  // namespace
}  // namespace orrery::models

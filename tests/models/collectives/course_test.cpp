#include <gtest/gtest.h>

#include <cmath>

#include "clusters.h"
#include "models/collectives/nccl/channels.h"

// How long trees and switches take, by what NCCL cuts a message into.

namespace orrery::models {
namespace {

using sim::TransferKind;
using topology::LinkKind;

constexpr std::int64_t kOneKiB = 1 << 10, kOneMiB = 1 << 20, kOneGiB = 1 << 30;

// Each of 512 threads is given 8 bytes at least by LL, 64 by Simple; LL128 has 640 of them.
TEST(TreeChannels, GrowWithTheMessage) {
  EXPECT_EQ(tree_channels(Protocol::ll, 8, 16), 1);
  EXPECT_EQ(tree_channels(Protocol::ll, 12 * kOneKiB - 1, 16), 2);
  EXPECT_EQ(tree_channels(Protocol::ll, 12 * kOneKiB, 16), 3);
  EXPECT_EQ(tree_channels(Protocol::ll128, 10 * kOneKiB, 16), 2);
  EXPECT_EQ(tree_channels(Protocol::simple, 256 * kOneKiB, 8), 8);
  EXPECT_EQ(tree_channels(Protocol::simple, static_cast<double>(kOneGiB), 8), 8);
}

// enqueue.cc up to 2.19, by hand: two nodes of eight are 8 deep.
TEST(TreeChunk, IsCutByTheDepthInOldVersions) {
  const auto chunk = [](std::int64_t bytes, bool by_depth) {
    return tree_chunk(Protocol::simple, static_cast<double>(bytes), 8, 2, 8, by_depth) / kOneKiB;
  };
  EXPECT_EQ(chunk(kOneMiB, true), 32);
  EXPECT_EQ(chunk(4 * kOneMiB, true), 64);
  EXPECT_EQ(chunk(16 * kOneMiB, true), 64);
  EXPECT_EQ(chunk(64 * kOneMiB, true), 128);
  EXPECT_EQ(chunk(128 * kOneMiB, true), 256);
  EXPECT_EQ(chunk(kOneGiB, true), 512);
  EXPECT_EQ(chunk(kOneMiB, false), 512);
}

// 64 channels' worth of 128 KiB for each head would be 1 GiB on eight H100 and 1.5 on B200.
TEST(NvlsChunk, IsLargestFromFourTimesWhatTheSourceSays) {
  const ChannelGraph h100 = channel_graph(Generation::hopper, 370.8, 1, 8, 8, 50);
  EXPECT_EQ(nvls_chunk(h100, 1, 2.0 * kOneGiB, false), 64 * kOneKiB);
  EXPECT_EQ(nvls_chunk(h100, 1, 4.0 * kOneGiB, false), 128 * kOneKiB);
  const ChannelGraph b200 = channel_graph(Generation::blackwell, 721.8, 1, 8, 8, 50);
  EXPECT_EQ(nvls_chunk(b200, 1, 4.0 * kOneGiB, false), 64 * kOneKiB);
  EXPECT_EQ(nvls_chunk(b200, 1, 8.0 * kOneGiB, false), 128 * kOneKiB);
}

struct ByAlgorithm {
  std::shared_ptr<const topology::Fabric> fabric;
  std::shared_ptr<const sim::TransferPlanner> planner;

  ByAlgorithm(const topology::ClusterSpec& spec, Algorithm algorithm, const std::string& nccl = "",
              std::optional<Protocol> protocol = {})
      : fabric(std::make_shared<topology::Fabric>(topology::Fabric::build(spec).value())) {
    Forced forced;
    forced.algorithm = algorithm, forced.protocol = protocol;
    planner = make_planner(fabric, models::Network::flow, facts_of(spec, nccl), forced);
  }
  const sim::TransferPlan& plan(std::uint32_t n, std::int64_t bytes) const {
    return planner->plan({TransferKind::all_reduce, group = ranks(n), {bytes}});
  }
  double us(std::uint32_t n, std::int64_t bytes) const { return Bench::alone(plan(n, bytes)).seconds() * 1e6; }

  mutable std::vector<RankId> group;
};

// A buffer of 16 bytes and less is one part, which waits behind no other at any of its 14 hops; 64 bytes are 4 of 8
// parts, 128 all.
TEST(Rings, PassAPartThatIsAloneSooner) {
  const ByAlgorithm ring(h100(1), Algorithm::ring);
  const double queue = facts_of(h100(1))->times.ring[static_cast<std::size_t>(Protocol::ll)].queue;
  EXPECT_GT(queue, 0);
  EXPECT_NEAR(ring.us(8, 16), ring.us(8, 8), 0.01);
  EXPECT_NEAR(ring.us(8, 128) - ring.us(8, 8), 14 * queue, 0.1);
  EXPECT_NEAR(ring.us(8, 64) - ring.us(8, 8), 14 * queue * 3 / 7, 0.1);
  EXPECT_NEAR(ring.us(8, 256), ring.us(8, 128), 0.1);
}

// docs/collectives.md: inside a node the longer of hops and bytes, in the root of squares.
TEST(Rings, ByLl128HideHopsInsideANode) {
  const topology::ClusterSpec spec = b200(1);
  const RingTimes times = facts_of(spec)->times.ring[static_cast<std::size_t>(Protocol::ll128)];
  const ByAlgorithm ring(spec, Algorithm::ring, "", Protocol::ll128);
  const double part = 16.0 * kOneMiB / 8 / 721.8e3;  // us
  const double waiting = 14 * times.hop, links = 14 * part / times.bandwidth;
  EXPECT_NEAR(ring.us(8, 16 * kOneMiB),
              times.base + std::hypot(waiting, links) + part / times.own_share + times.ramp * std::sqrt(links), 1);
}

// Between nodes they add up: a network's latency is never hidden.
TEST(Rings, ByLl128WaitForTheNetwork) {
  topology::ClusterSpec slow = h100(2);
  slow.fabric.latency = Duration::us(100);
  const ByAlgorithm near(h100(2), Algorithm::ring, "", Protocol::ll128),
      far(slow, Algorithm::ring, "", Protocol::ll128);
  for (const std::int64_t bytes : {kOneMiB, 256 * kOneMiB})
    EXPECT_NEAR(far.us(16, bytes) - near.us(16, bytes), 2 * 100, 0.5) << bytes;
}

// What a network takes longer it takes twice, between two nodes.
TEST(Trees, GoUpToTheRootAndDown) {
  const ByAlgorithm tree(a100(2), Algorithm::tree, "2.18");
  const double small = tree.us(16, 8);
  topology::ClusterSpec slow = a100(2);
  slow.fabric.latency = Duration::us(100);
  EXPECT_NEAR(ByAlgorithm(slow, Algorithm::tree, "2.18").us(16, 8) - small, 2 * (100 - 1.25),
              3);  // up to the root and down
}

// In a chain of eight each GPU sends 7/8 of the buffer on up and as much down, at the rate of Blackwell's trees by
// LL128, which twenty racks of NVL72 show to be less than a ring's.
TEST(Trees, ByLl128ChainsOnBlackwellAreSlowerThanRings) {
  const topology::ClusterSpec spec = b200(1);
  const ByAlgorithm tree(spec, Algorithm::tree, "", Protocol::ll128);
  const RingTimes times = facts_of(spec)->times.ring[static_cast<std::size_t>(Protocol::ll128)];
  EXPECT_LT(times.tree_bandwidth, times.bandwidth);
  EXPECT_NEAR(tree.us(8, 4 * kOneGiB) - tree.us(8, 2 * kOneGiB),
              2 * 7.0 / 8 * 2 * kOneGiB / (times.tree_bandwidth * 721.8e3), 20);
}

// NVLinks that are no bottleneck: 7/4 S pass each on the way to the heads and back.
topology::ClusterSpec with_sharp(int nodes) {
  topology::ClusterSpec spec = cluster(90, 1800, 4 * 370.8, 50, nodes);
  spec.fabric.sharp = true;
  return spec;
}

// F17: S/g on each NIC, up and down at once, in NCCL's latencies: 2 (3.7 + 7 x 0.4) inside and 31 between nodes.
TEST(CollNet, DirectGivesEachNicItsShare) {
  for (const int nodes : {2, 4, 16}) {
    const ByAlgorithm direct(with_sharp(nodes), Algorithm::collnet_direct);
    const auto n = static_cast<std::uint32_t>(8 * nodes);
    const auto& plan = direct.plan(n, kOneGiB);
    EXPECT_EQ(direct.planner->algorithm_name(plan.algorithm), "collnet-direct Simple");
    double over_nics = 0;
    for (const sim::LinkUse& use : *plan.phases[0].uses)
      if (direct.fabric->links()[use.link].kind == LinkKind::nic)
        over_nics += static_cast<double>(use.connections * plan.phases[0].bytes.n);
    EXPECT_NEAR(over_nics / (2.0 * 8 * nodes), kOneGiB / 8.0, 64) << nodes;
    EXPECT_NEAR(direct.us(n, 2 * kOneGiB) - direct.us(n, kOneGiB), kOneGiB / 8.0 / 46e3, 1)
        << nodes;  // NICs of 46 GB/s, in us
    EXPECT_GE(direct.us(n, kOneGiB), kOneGiB / 8.0 / 46e3);
  }
}

TEST(CollNet, LatenciesAreNccls) {
  const ByAlgorithm direct(with_sharp(4), Algorithm::collnet_direct), chain(with_sharp(4), Algorithm::collnet_chain);
  // Chain less direct: 2 x 7 x 2.8 + 30 less 2 (3.7 + 2.8) + 31.
  EXPECT_NEAR(chain.us(32, 8) - direct.us(32, 8), 39.2 + 30 - 13 - 31, 0.01);
  EXPECT_LT(direct.us(32, 8), direct.us(32, kOneMiB));
  // One GPU a node passes nothing inside.
  const std::vector<RankId> rail = ranks(4, 0, 8);
  const auto& plan = direct.planner->plan({TransferKind::all_reduce, rail, {8}});
  EXPECT_NEAR(direct.us(32, 8) - Bench::alone(plan).seconds() * 1e6, 13, 0.01);
}

}  // namespace
}  // namespace orrery::models

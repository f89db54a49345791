#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "clusters.h"
#include "models/collectives/nccl/choice.h"

// GPUs that PCIe alone joins: two a switch, two switches a socket, and what root ports let pass.

namespace orrery::models {
namespace {

using sim::TransferKind;

constexpr std::int64_t kMega = 1 << 20, kGiB = 1 << 30;
constexpr double kPeer = 6e9, kPeerSocket = 1.5e9;

topology::ClusterSpec box(int capability, double pcie, double peer = kPeer, double peer_socket = kPeerSocket) {
  topology::ClusterSpec c = cluster(capability, pcie, pcie, 25, 1);
  c.scale_up.kind = "pcie";
  c.gpus_per_node = c.physical_gpus_per_node = 8;
  c.cpu_vendor = "amd";
  c.host.pcie_bandwidth = {static_cast<std::int64_t>(pcie * 1e9)};
  c.host.pcie_switches = 4;
  c.host.numa = 2;
  c.host.socket_bandwidth = {static_cast<std::int64_t>(64e9)};
  c.host.socket_budget = {static_cast<std::int64_t>(16e9)};
  c.host.peer_bandwidth = {static_cast<std::int64_t>(peer)};
  c.host.peer_socket_bandwidth = {static_cast<std::int64_t>(peer_socket)};
  return c;
}

const RingTimes& times_of(const topology::ClusterSpec& spec, Protocol protocol) {
  static std::shared_ptr<const CollectiveFacts> facts;
  facts = facts_of(spec);
  return facts->times.ring[static_cast<std::size_t>(protocol)];
}

// A ring passes each port once each way, so it goes at the slowest port's rate; two GPUs of a switch meet none.
TEST(PcieRings, GoAtWhatTheSlowestPortLetsPass) {
  const topology::ClusterSpec spec = box(89, 27.3);
  const Bench b(spec);
  const RingTimes& own = times_of(spec, Protocol::simple);
  const double S = kGiB;
  const double part = S / (own.own_share * 27.3e9);  // of a rank's own share, times the ranks
  EXPECT_NEAR(b.seconds(TransferKind::all_gather, ranks(2), kGiB), S / 2 / (own.bandwidth * 27.3e9) + part / 2, 1e-4);
  EXPECT_NEAR(b.seconds(TransferKind::all_gather, ranks(4), kGiB), S * 3 / 4 / (own.ports * kPeer) + part / 4, 1e-4);
  EXPECT_NEAR(b.seconds(TransferKind::all_gather, ranks(8), kGiB), S * 7 / 8 / (own.ports * kPeerSocket) + part / 8,
              1e-4);
}

// An all-to-all sends out of a port of two GPUs n - 2 messages each: all of S among four; 1.5 S among eight, S of it
// over sockets.
TEST(PcieExchanges, LoadAPortWithTheMessagesOfItsGpus) {
  const double S = kGiB, beside = 2e-3;
  EXPECT_NEAR(Bench(box(89, 27.3)).seconds(TransferKind::all_to_all, ranks(4), kGiB), S / kPeer, beside);
  EXPECT_NEAR(Bench(box(89, 27.3)).seconds(TransferKind::all_to_all, ranks(8), kGiB), S / kPeerSocket, beside);
  EXPECT_NEAR(Bench(box(89, 27.3, kPeer, 0)).seconds(TransferKind::all_to_all, ranks(8), kGiB), 1.5 * S / kPeer,
              beside);
}

// 24 and 48 GB/s of what x16 of Gen4 and Gen5 carries, 16 over xGMI; from 25 on two rings for one, each in two
// channels.
TEST(PcieChannels, AreNcclsForItsBudgets) {
  struct Row {
    int capability;
    double pcie;
    std::uint32_t ranks;
    int channels;
    double all;
  };
  for (const Row& row :
       {Row{89, 27.3, 4, 2, 20}, Row{89, 27.3, 8, 2, 15}, Row{120, 55.4, 4, 4, 45}, Row{120, 55.4, 8, 2, 16}}) {
    const topology::ClusterSpec spec = box(row.capability, row.pcie);
    const topology::Fabric fabric = topology::Fabric::build(spec).value();
    const Communicator c = make_communicator(fabric, make_site(spec, facts_of(spec)), ranks(row.ranks));
    EXPECT_EQ(c.graph.channels, row.channels) << row.pcie << " " << row.ranks;
    EXPECT_NEAR(c.graph.channels * c.graph.speed, row.all, 1e-9);
    EXPECT_FALSE(nccl_can(TransferKind::all_gather, c, {Algorithm::ring, Protocol::ll128}));
  }
}

// NCCL 2.30.7 by hand: 6.6 + 7 x 1.0 + 7/8 S / 7.5 meets 8.4 + 7 x 5.7 + 7/8 S / 15 at 0.60 MB.
TEST(PcieRings, GoOverToSimpleWhereNcclSays) {
  const topology::ClusterSpec spec = box(89, 27.3);
  const topology::Fabric fabric = topology::Fabric::build(spec).value();
  const Communicator c = make_communicator(fabric, make_site(spec, facts_of(spec)), ranks(8));
  const auto protocol = [&](double bytes) { return nccl_choice(TransferKind::reduce_scatter, bytes, c).protocol; };
  EXPECT_EQ(protocol(0.59e6), Protocol::ll);
  EXPECT_EQ(protocol(0.61e6), Protocol::simple);
}

// By LL too a step takes the longer of its handshake and its bytes: far from both, the sum of squares.
TEST(PcieRings, TakeTheLongerOfWaitingAndBytesByLl) {
  const topology::ClusterSpec spec = box(89, 27.3);
  const RingTimes& own = times_of(spec, Protocol::ll);
  const std::int64_t bytes = 32 << 10;
  const double waiting = 3 * own.hop * 1e-6, on_ports = bytes * 0.75 / (0.5 * kPeer);
  EXPECT_NEAR(Bench(spec).seconds(TransferKind::all_gather, ranks(4), bytes),
              own.base * 1e-6 + std::hypot(waiting, on_ports) + bytes / 4 / (own.own_share * 27.3e9), 2e-8);
}

// A channel sums bytes no faster than a share of the link: two of them hold up eight GPUs, four of them not four GPUs.
TEST(PcieRings, SumBytesAsTheirChannelsCan) {
  const topology::ClusterSpec spec = box(120, 55.4, 30e9, 0);
  const Bench half(spec, "", false), int8(spec, "", true);
  const double share = facts_of(spec)->times.int8_channel;
  ASSERT_GT(share, 0);
  const double bytes = 512 * kMega;
  EXPECT_NEAR(
      int8.seconds(TransferKind::reduce_scatter, ranks(8), 512 * kMega) / (bytes * 7 / 8 / (2 * share * 55.4e9)), 1,
      0.03);
  EXPECT_LT(half.seconds(TransferKind::reduce_scatter, ranks(8), 512 * kMega),
            0.9 * int8.seconds(TransferKind::reduce_scatter, ranks(8), 512 * kMega));
  for (const auto& [kind, n] : {std::pair(TransferKind::reduce_scatter, 4u), std::pair(TransferKind::all_gather, 8u)})
    EXPECT_NEAR(half.seconds(kind, ranks(n), 512 * kMega) / int8.seconds(kind, ranks(n), 512 * kMega), 1, 1e-4);
}

// Over several nodes rings reach no more of a port; an eighth of them leaves by a NIC in place of it.
TEST(PcieRings, ReachNoMoreOfAPortOverSeveralNodes) {
  topology::ClusterSpec spec = box(120, 55.4, 30e9, 0);
  const double one = Bench(spec).seconds(TransferKind::all_gather, ranks(8), kGiB) * 8 / 7;
  spec.nodes = 2;
  spec.host.nics = 4;
  spec.fabric.kind = "single-switch";
  spec.fabric.link = {static_cast<std::int64_t>(50e9)};
  EXPECT_GE(Bench(spec).seconds(TransferKind::all_gather, ranks(16), kGiB) * 16 / 15, 0.98 * 7 / 8 * one);
}

// Two all-gathers, one on each side of the sockets, share no port; two that cross the same one halve it.
TEST(PcieRings, SharePortsWithOthers) {
  const Bench b(box(89, 27.3));
  const auto peers = [&](const std::vector<RankId>& group) {
    std::vector<LinkId> used;
    for (const sim::LinkUse& use : *b.plan(TransferKind::all_gather, group, kGiB).phases[0].uses)
      if (b.fabric->link_name(use.link).find("peers") != std::string::npos) used.push_back(use.link);
    return used;
  };
  EXPECT_EQ(peers(ranks(2)).size(), 0u);
  EXPECT_EQ(peers(ranks(4)).size(), 4u);
  const std::vector<LinkId> low = peers(ranks(4)), high = peers(ranks(4, 4));
  for (const LinkId link : low) EXPECT_EQ(std::count(high.begin(), high.end(), link), 0);
  EXPECT_EQ(peers({{0}, {2}}), low);
}

}  // namespace
}  // namespace orrery::models

#include "clusters.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "sim/network/flow_net.h"
#include "topology/catalogue.h"

// The planner over every cluster that ships, and its plans in the flow network.

namespace orrery::models {
namespace {

using sim::TransferKind;

SearchPath presets() {
  return SearchPath({std::string(ORRERY_SOURCE_DIR) + "/scenarios"});
}

// A preset on `gpus` GPUs; nothing where its kind is not built yet.
std::optional<topology::ClusterSpec> shipped(const std::string& name, int gpus) {
  const auto text = parse_document("{preset: " + name + ", gpus: " + std::to_string(gpus) + "}", "test.yaml");
  const auto spec = topology::read_cluster(text.value(), presets());
  if (!spec) return std::nullopt;
  return *spec;
}

constexpr TransferKind kKinds[] = {TransferKind::all_reduce, TransferKind::all_gather, TransferKind::reduce_scatter,
                                   TransferKind::all_to_all, TransferKind::broadcast,  TransferKind::gather};

TEST(ShippedClusters, EveryPlanMovesAndFits) {
  int built = 0;
  for (const std::string& name : presets().names("hardware/clusters")) {
    const auto spec = shipped(name, 144);
    if (!spec) continue;
    ++built;
    const Bench bench(*spec);
    for (TransferKind kind : kKinds)
      for (std::int64_t bytes : {8ll << 10, 1ll << 20, 1ll << 30}) {
        const auto& plan = bench.plan(kind, ranks(144), bytes);
        if (spec->ideal) {
          EXPECT_TRUE(plan.phases.empty());
          continue;
        }
        ASSERT_EQ(plan.phases.size(), 1u) << name;
        const sim::Phase& phase = plan.phases[0];
        EXPECT_GT(phase.latency, Duration()) << name;
        ASSERT_GT(phase.max_rate.n, 0) << name;
        for (const sim::LinkUse& use : *phase.uses)
          EXPECT_LE(use.connections * phase.max_rate.n, bench.fabric->links()[use.link].capacity.n) << name;
      }
  }
  EXPECT_GE(built, 15);
}

// A scalar that everybody agrees on has a time but fills no link: it must not
// tell the root of its tree from the other ranks.
TEST(ShippedClusters, AScalarTouchesNoLink) {
  const auto spec = shipped("dgx-h100", 144);
  ASSERT_TRUE(spec);
  const Bench bench(*spec);
  const auto& plan = bench.plan(TransferKind::all_reduce, ranks(144), 4);
  ASSERT_EQ(plan.phases.size(), 1u);
  EXPECT_GT(plan.phases[0].latency, Duration());
  EXPECT_EQ(plan.phases[0].uses, nullptr);
}

// Two GPUs of a p4d share a NIC. Where a job takes four of the eight, each has one of
// the four NICs for itself, and a ring between nodes is about as fast as that of all eight.
TEST(ShippedClusters, HalfOfANodeMayHaveAllOfItsNics) {
  const auto spec_of = [](int per_node) {
    const auto text =
        parse_document("{preset: aws-p4d, nodes: 2, gpus_per_node: " + std::to_string(per_node) + "}", "test.yaml");
    return topology::read_cluster(text.value(), presets());
  };
  const auto half = spec_of(4), whole = spec_of(8);
  ASSERT_TRUE(half && whole);
  const Bench four(*half), eight(*whole);
  EXPECT_EQ(four.fabric->nics_per_node(), 4);

  const auto& plan = four.plan(TransferKind::all_gather, ranks(8), 1 << 30);
  ASSERT_EQ(plan.phases.size(), 1u);
  const auto is_nic = [&](const sim::LinkUse& use) {
    return four.fabric->links()[use.link].kind == topology::LinkKind::nic;
  };
  const auto& uses = *plan.phases[0].uses;
  EXPECT_EQ(std::count_if(uses.begin(), uses.end(), is_nic), 2 * 4 * 2);  // nodes x NICs x directions
  EXPECT_NEAR(four.seconds(TransferKind::all_gather, ranks(8), 1 << 30) /
                  eight.seconds(TransferKind::all_gather, ranks(16), 1 << 30),
              1.0, 0.1);
}

// Inside one domain of 72 GPUs nothing leaves it; 144 fill two.
TEST(ShippedClusters, AnNvl72IsOneNode) {
  const auto spec = shipped("gb200-nvl72", 144);
  ASSERT_TRUE(spec);
  const Bench bench(*spec);
  const auto& inside = bench.plan(TransferKind::all_gather, ranks(72), 1 << 30);
  EXPECT_EQ(bench.bytes_over(inside, topology::LinkKind::nic), 0);
  const auto& both = bench.plan(TransferKind::all_gather, ranks(144), 1 << 30);
  EXPECT_GT(bench.bytes_over(both, topology::LinkKind::nic), 0);
  EXPECT_GT(bench.seconds(TransferKind::all_gather, ranks(144), 1 << 30),
            bench.seconds(TransferKind::all_gather, ranks(72), 1 << 30));
}

// Bus bandwidth of one, two and twenty racks (coreweave/nccl-tests README, NCCL 2.26.2;
// oracle-quickstart GPU guides, 2.27.3 and 2.28.7). Two racks of 72 were no row that a
// constant was fitted on.
TEST(ShippedClusters, RacksReachMeasuredBusBandwidth) {
  struct Known {
    const char* preset;
    int gpus;
    TransferKind kind;
    std::int64_t gib;
    double busbw;
    const char* algorithm;
  };
  const Known known[] = {{"gb200-nvl72", 64, TransferKind::all_reduce, 8, 892, "nvls Simple"},
                         {"gb200-nvl72", 72, TransferKind::all_reduce, 2, 758, "nvls Simple"},
                         {"gb200-nvl72", 128, TransferKind::all_reduce, 8, 800, "nvls-tree Simple"},
                         {"gb200-nvl72", 144, TransferKind::all_reduce, 1, 596, "nvls-tree Simple"},
                         {"gb200-nvl72", 144, TransferKind::all_reduce, 8, 793, "nvls-tree Simple"},
                         {"gb200-nvl72", 1440, TransferKind::all_reduce, 1, 219, "tree LL128"},
                         {"gb200-nvl72", 1440, TransferKind::all_reduce, 8, 381, "tree LL128"},
                         {"gb200-nvl72", 64, TransferKind::all_to_all, 8, 623, "pairwise Simple"},
                         {"gb200-nvl72", 128, TransferKind::all_to_all, 8, 90, "pairwise Simple"},
                         {"gb300-nvl72", 64, TransferKind::all_reduce, 16, 930, "nvls Simple"}};
  for (const Known& k : known) {
    const auto spec = shipped(k.preset, k.gpus);
    ASSERT_TRUE(spec);
    const Bench bench(*spec);
    const double n = k.gpus, factor = (k.kind == TransferKind::all_reduce ? 2 : 1) * (n - 1) / n;
    const auto group = ranks(static_cast<std::uint32_t>(k.gpus));
    const std::int64_t bytes = k.gib << 30;
    const double busbw = factor * static_cast<double>(bytes) / bench.seconds(k.kind, group, bytes) / 1e9;
    EXPECT_NEAR(busbw / k.busbw, 1, 0.10) << k.gpus << " GPUs: " << busbw;
    EXPECT_EQ(bench.planner->algorithm_name(bench.plan(k.kind, group, bytes).algorithm), k.algorithm) << k.gpus;
  }
}

struct Network {
  IdVector<LinkId, sim::Link> links;
  explicit Network(const topology::Fabric& fabric) {
    for (const auto& link : fabric.links()) links.add({link.capacity, static_cast<std::uint8_t>(link.kind)});
  }
};

// The flow network grants max_rate to a transfer that is alone: analytic is its limit.
TEST(Flow, GrantsAlonePlansTheirFullRate) {
  const Bench bench(h100(4));
  const Network network(*bench.fabric);
  for (TransferKind kind : kKinds)
    for (std::int64_t bytes : {10000ll, 1ll << 24, 1ll << 30}) {
      sim::FlowNet flows(network.links);
      const sim::Phase& phase = bench.plan(kind, ranks(32), bytes).phases[0];
      std::vector<sim::FlowNet::Completion> done;
      flows.start(Time(), phase);
      flows.settle(Time(), done);
      ASSERT_EQ(done.size(), 1u);
      EXPECT_EQ(done[0].when.since_start(), phase.bytes / phase.max_rate) << sim::to_string(kind);
    }
}

// Eight data-parallel rings, one a rail, never meet; two on one rail share its NICs.
TEST(Flow, RingsOnDifferentRailsDoNotMeet) {
  const Bench bench(h100(4));
  const Network network(*bench.fabric);
  sim::FlowNet flows(network.links);
  std::vector<sim::FlowNet::Completion> done;
  std::vector<sim::FlowNet::ActivityId> rings;
  for (std::uint32_t rail = 0; rail < 8; ++rail)
    rings.push_back(flows.start(Time(), bench.plan(TransferKind::all_gather, ranks(4, rail, 8), 1 << 28).phases[0]));
  flows.settle(Time(), done);
  const auto alone = flows.rate(rings[0]);
  for (auto ring : rings) EXPECT_EQ(flows.rate(ring), alone);

  const auto second = flows.start(Time(), bench.plan(TransferKind::all_gather, ranks(4, 0, 8), 1 << 28).phases[0]);
  flows.settle(Time(), done);
  // One alone leaves a part of the NICs to the protocol; two have more between them, and share it evenly.
  EXPECT_EQ(flows.rate(second), flows.rate(rings[0]));
  EXPECT_LT(flows.rate(second), alone);
  EXPECT_GE(2 * flows.rate(second).n, alone.n);
  EXPECT_EQ(flows.rate(rings[1]), alone);
}

}  // namespace
}  // namespace orrery::models

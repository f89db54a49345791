// Clusters of unlike nodes.
#include "tests/topology/support.h"

namespace orrery::topology {
namespace {

// DGX A100's parts in DGX H100's places.
const std::string kA100 = "gpu: a100-sxm-80gb, scale_up: {generation: nvlink3, switches: 6}, host: {pcie: gen4}";
const std::string kMixed = "{preset: dgx-h100, groups: [{nodes: 2, link: 200Gb/s, " + kA100 + "}, {nodes: 1}]}";

BytesPerSecond narrowest(const Fabric& f, std::uint32_t from, std::uint32_t to) {
  BytesPerSecond least{INT64_MAX};
  for (const LinkId link : route(f, from, to)) least = std::min(least, f.links()[link].capacity);
  return least;
}

void expect_fault(const std::string& text, const std::string& message) {
  EXPECT_NE(faults(text).find(message), std::string::npos) << "said:\n" << faults(text) << "wanted:\n" << message;
}

TEST(Groups, NodesAreNumberedGroupAfterGroup) {
  const ClusterSpec spec = cluster(kMixed);
  EXPECT_EQ(spec.nodes, 3);
  EXPECT_EQ(spec.gpus(), 24);
  EXPECT_EQ(spec.gpu_of(spec.kind_of({15})).name, "a100-sxm-80gb");
  EXPECT_EQ(spec.gpu_of(spec.kind_of({16})).name, "h100-sxm-80gb");
  EXPECT_EQ(spec.gpu_names(), "a100-sxm-80gb + h100-sxm-80gb");
}

TEST(Groups, EveryNodeHasItsOwnRates) {
  const Fabric mixed = fabric(kMixed);
  const Fabric a100 = fabric("{preset: dgx-h100, nodes: 2, fabric: {link: 200Gb/s}, " + kA100 + "}"),
               h100 = fabric("{preset: dgx-h100, nodes: 2}");
  EXPECT_EQ(narrowest(mixed, 0, 1), narrowest(a100, 0, 1));
  EXPECT_EQ(narrowest(mixed, 16, 17), narrowest(h100, 0, 1));
  EXPECT_EQ(mixed.links()[route(mixed, 0, 8)[1]].capacity, mixed.links()[route(mixed, 0, 16)[1]].capacity);
  EXPECT_LT(gb(narrowest(mixed, 0, 8)), gb(narrowest(h100, 0, 8)));  // its own NICs of 200 Gb/s
  EXPECT_EQ(narrowest(mixed, 0, 16), narrowest(mixed, 0, 8));        // which are what slows the way to the H100s
  EXPECT_LE(gb(narrowest(mixed, 0, 8)), 25.0);
}

TEST(Groups, APresetLendsItsNodes) {
  // Its own PCIe switches and NUMA domains are others, and there can be one kind yet.
  const std::string places = "host: {pcie_switches: 8, numa: 2}";
  const Fabric lent = fabric("{preset: dgx-h100, groups: [{preset: dgx-a100, nodes: 2, " + places + "}, {nodes: 1}]}");
  const Fabric said = fabric(kMixed);
  ASSERT_EQ(lent.links().size(), said.links().size());
  for (std::uint32_t i = 0; i < lent.links().size(); ++i)
    EXPECT_EQ(lent.links()[{i}].capacity, said.links()[{i}].capacity) << lent.link_name({i});
}

TEST(Groups, OfTheSameNodesAreThePlainCluster) {
  const Fabric plain = fabric("{preset: dgx-h100, nodes: 40}");
  const Fabric grouped = fabric("{preset: dgx-h100, groups: [{nodes: 16}, {gpu: h100-sxm-80gb, nodes: 24}]}");
  ASSERT_EQ(plain.links().size(), grouped.links().size());
  for (std::uint32_t i = 0; i < plain.links().size(); ++i) {
    EXPECT_EQ(plain.links()[{i}].capacity, grouped.links()[{i}].capacity);
    EXPECT_EQ(plain.link_name({i}), grouped.link_name({i}));
  }
  EXPECT_EQ(plain.bisection(), grouped.bisection());
}

TEST(Groups, OnAMeshHaveTheirOwnNvlinks) {
  const Fabric mixed = fabric(
      "{gpus_per_node: 4, scale_up: {kind: mesh, generation: nvlink4}, fabric: {kind: fat-tree, link: 200Gb/s}, "
      "groups: "
      "[{gpu: gh200, nodes: 1}, {gpu: a100-sxm-80gb, nodes: 1, scale_up: {generation: nvlink3}}]}");
  EXPECT_GT(gb(narrowest(mixed, 0, 1)), gb(narrowest(mixed, 4, 5)));
}

TEST(Groups, WhatDisagreesIsToldWithItsNumbers) {
  expect_fault("{preset: dgx-h100, nodes: 4, groups: [{nodes: 1}, {nodes: 2}]}",
               "test.yaml:1:27: nodes = 4, but the groups have 3");
  expect_fault("{preset: dgx-h100, gpus: 32, groups: [{nodes: 1}, {nodes: 2}]}", "gpus = 32, but the groups have 24");
  expect_fault("{preset: dgx-a100, groups: [{preset: dgx-h100, nodes: 2}]}",
               "a group's NICs of 400 Gb/s on ports of 200 Gb/s");
  expect_fault("{preset: dgx-h100, groups: [{gpu: h100-sxm-80gb}]}", "needs 'nodes' or 'gpus'");
  expect_fault("{preset: dgx-h100, groups: [{gpu: h100-sxm-80gb, node: 2}]}", "unknown key 'node'");
  expect_fault("{preset: dgx-h100, groups: []}", "must be a list of 1 to 64 groups");
  expect_fault("{preset: dgx-h100, groups: {gpu: h100-sxm-80gb}}", "must be a list of 1 to 64 groups");
  expect_fault("{preset: dgx-h100, groups: [h100-sxm-80gb]}", "must be a mapping");
  expect_fault("{preset: dgx-h100, groups: [{nodes: 4000000}]}", "more than 4194304");
}

TEST(Groups, WhatIsNotBuiltIsRefusedByKey) {
  for (const auto& [group, key] :
       {std::pair("gpus_per_node: 4", "'gpus_per_node'"), std::pair("host: {nics: 4}", "'host.nics'"),
        std::pair("host: {numa: 1}", "'host.numa'"), std::pair("scale_up: {planes: 2}", "'scale_up.planes'"),
        std::pair("fabric: {link: 200Gb/s}", "'cluster.groups.fabric'"),
        std::pair("scale_up: {domain: 16}", "an NVLink domain of several nodes")}) {
    const std::string text = "{preset: dgx-h100, groups: [{nodes: 2}, {nodes: 2, " + std::string(group) + "}]}";
    expect_fault(text, key);
    expect_fault(text, "not supported yet");
  }
}

// A fault in what every group takes from the cluster is one fault.
TEST(Groups, ASharedFaultIsToldOnce) {
  EXPECT_EQ(faults("{preset: dgx-h100, host: {numma: 2}, groups: [{nodes: 1}, {nodes: 1}]}"),
            faults("{preset: dgx-h100, host: {numma: 2}, nodes: 1}"));
}

}  // namespace
}  // namespace orrery::topology

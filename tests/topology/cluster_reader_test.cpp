#include "tests/topology/support.h"

namespace orrery::topology {
namespace {

// The inline example of the contract, with its sizes.
const std::string kInline = R"(
gpu: h100-sxm-80gb
gpus_per_node: 8
nodes: 64
scale_up: {kind: nvswitch, generation: nvlink4, switches: 4, bandwidth: 450GB/s, in_network_reduction: true}
host: {pcie: gen5, nics: 8, numa: 2}
fabric: {kind: rail-optimized, link: 400Gb/s, leaf_radix: 64, oversubscription: 1, sharp: false, routing: balanced, queue_pairs: 1}
)";

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

void expect_fault(const std::string& text, const std::string& message) {
  EXPECT_NE(faults(text).find(message), std::string::npos) << "said:\n" << faults(text) << "wanted:\n" << message;
}

void expect_unsupported(const std::string& text, const std::string& message) {
  expect_fault(text, message + " is not supported yet");
  const Result<ClusterSpec> spec = read(text);
  ASSERT_FALSE(spec.ok());
  for (const Error& error : spec.errors()) EXPECT_EQ(error.fault, Fault::unsupported) << to_string(error);
}

TEST(ClusterReader, ReadsTheContractsInlineExample) {
  const ClusterSpec spec = cluster(kInline);
  EXPECT_EQ(spec.gpus(), 512);
  EXPECT_EQ(spec.scale_up.bandwidth.n, 450'000'000'000);
  EXPECT_EQ(spec.fabric.link.n, 50'000'000'000);
  EXPECT_EQ(spec.fabric.kind, "rail-optimized");
}

// A version alone, or what NCCL is told besides; one name or several.
TEST(ClusterReader, NcclIsAVersionOrAMapping) {
  EXPECT_EQ(cluster(kInline + "nccl: \"2.27\"\n").nccl, (NcclSpec{"2.27", {}, {}, ""}));
  EXPECT_EQ(cluster(kInline + "nccl: {version: \"2.27\", protocols: [LL, Simple], algorithms: ring, tuner: t}\n").nccl,
            (NcclSpec{"2.27", {"LL", "Simple"}, {"ring"}, "t"}));
  EXPECT_EQ(cluster("preset: aws-p4d\nnodes: 2\n").nccl.protocols, std::vector<std::string>{"Simple"});
  expect_fault(kInline + "nccl: {protocols: [{LL: 1}]}\n", "must be a name or a list of names");
  expect_fault(kInline + "nccl: {protocol: LL}\n", "did you mean 'protocols'?");
}

TEST(ClusterReader, ListsWhatNobodyWrote) {
  const ClusterSpec spec = cluster(
      "{gpu: a100-sxm-80gb, nodes: 2, scale_up: {kind: nvswitch, generation: nvlink3}, fabric: {kind: "
      "fat-tree, link: 200Gb/s}}");
  const auto listed = [&](const std::string& what) {
    for (const std::string& d : spec.defaults_used)
      if (d.rfind(what, 0) == 0) return true;
    return false;
  };
  for (const char* key :
       {"cluster.gpus_per_node = 8", "cluster.host.pcie", "cluster.host.nics = 8", "cluster.fabric.leaf_radix = 64",
        "cluster.fabric.oversubscription = 1", "cluster.fabric.network"})
    EXPECT_TRUE(listed(key)) << key;
}

TEST(ClusterReader, SaysWhenCurvesAreAnotherGpus) {
  EXPECT_TRUE(cluster("{preset: dgx-h100, nodes: 1}").assumptions.empty());
  const ClusterSpec borrowed = cluster("{preset: gb200-nvl72, gpus: 4}");
  ASSERT_EQ(borrowed.assumptions.size(), 1u);
  EXPECT_EQ(borrowed.assumptions[0], "gpu 'gb200': kernels are timed by the curves of b200-sxm-180gb");
}

TEST(ClusterReader, AnOverrideChangesOneKeyAndNoOther) {
  const ClusterSpec plain = cluster("{preset: dgx-h100, nodes: 4}");
  const ClusterSpec changed = cluster("{preset: dgx-h100, nodes: 4, fabric: {oversubscription: 2}}");
  EXPECT_EQ(changed.fabric.oversubscription, 2);
  EXPECT_EQ(changed.fabric.link, plain.fabric.link);
  EXPECT_EQ(changed.fabric.kind, plain.fabric.kind);
  EXPECT_EQ(changed.scale_up.usable, plain.scale_up.usable);
}

TEST(ClusterReader, AGpuOfAPresetCanBeChangedKeyByKey) {
  const ClusterSpec spec = cluster("{preset: dgx-h100, nodes: 1, gpu: {memory: 94GiB}}");
  EXPECT_EQ(spec.gpu.memory.n, 94ll << 30);
  EXPECT_EQ(spec.gpu.sms, 132);
  EXPECT_EQ(spec.gpu.name, "h100-sxm-80gb (changed)");
}

// H800: the usable share belongs to the generation and follows the bandwidth.
TEST(ClusterReader, UsableBandwidthFollowsAnOverride) {
  const ClusterSpec spec = cluster("{preset: dgx-h100, nodes: 1, scale_up: {bandwidth: 200GB/s}}");
  EXPECT_NEAR(gb(spec.scale_up.usable), 8 * 20.6, 0.01);
}

TEST(ClusterReader, GpusAreNodesTimesGpusPerNode) {
  EXPECT_EQ(cluster("{preset: dgx-h100, gpus: 64}").nodes, 8);
  EXPECT_EQ(cluster("{preset: dgx-h100, nodes: 8}").gpus(), 64);
  EXPECT_EQ(cluster("{preset: dgx-h100, nodes: 8, gpus: 64}").gpus(), 64);
  EXPECT_EQ(cluster("{preset: dgx-2, nodes: 2}").gpus(), 32);
  EXPECT_EQ(cluster("{preset: ideal, nodes: 1, gpus_per_node: 12}").gpus(), 12);
  expect_fault("{preset: dgx-h100, gpus: 63}", "gpus = 63 is no multiple of gpus_per_node = 8");
  expect_fault("{preset: dgx-h100, nodes: 8, gpus: 32}", "gpus = 32, but nodes x gpus_per_node = 8 x 8 = 64");
  expect_fault("{preset: dgx-h100}", "'cluster' needs 'nodes' or 'gpus'");
  expect_fault("{preset: dgx-h100, nodes: 1, gpus_per_node: 9}", "a node of 'dgx-h100' has 8 GPUs");
  expect_fault("dgx-h100", "'cluster' needs 'nodes' or 'gpus'");
}

TEST(ClusterReader, FewerGpusThanANodeUsePartOfOne) {
  const ClusterSpec spec = cluster("{preset: dgx-h100, gpus: 4}");
  EXPECT_EQ(spec.nodes, 1);
  EXPECT_EQ(spec.gpus_per_node, 4);
  EXPECT_EQ(spec.physical_gpus_per_node, 8);
}

// Two GPUs of eight stand on different sockets, and each has its own NIC though the node has a NIC for two GPUs.
TEST(ClusterReader, UsedGpusKeepTheirOwnNics) {
  EXPECT_EQ(fabric("{preset: aws-p4d, nodes: 2}").nics_per_node(), 4);
  EXPECT_EQ(fabric("{preset: aws-p4d, nodes: 2, gpus_per_node: 4}").nics_per_node(), 4);
  EXPECT_EQ(fabric("{preset: aws-p4d, nodes: 2, gpus_per_node: 2}").nics_per_node(), 2);
  EXPECT_EQ(fabric("{preset: dgx-h100, nodes: 2, gpus_per_node: 2}").nics_per_node(), 2);
}

// Contract, section 6: whole domains of 72 if 72 divides the GPUs, else 64 a domain.
TEST(ClusterReader, NvlDomainsAreWholeOrOf64) {
  const auto domain = [](int gpus) {
    return cluster("{preset: gb200-nvl72, gpus: " + std::to_string(gpus) + "}").domain_gpus();
  };
  EXPECT_EQ(domain(4), 4);
  EXPECT_EQ(domain(36), 36);
  EXPECT_EQ(domain(72), 72);
  EXPECT_EQ(domain(144), 72);
  EXPECT_EQ(domain(128), 64);
  EXPECT_EQ(domain(256), 64);
  EXPECT_EQ(domain(72 * 64), 72);
  EXPECT_EQ(cluster("{preset: gb200-nvl72, nodes: 36, gpus_per_node: 2}").domain_gpus(), 36);
}

TEST(ClusterReader, WhatIsNotBuiltYetIsRefusedByKey) {
  expect_unsupported("{preset: dgx-h100, nodes: 2, fabric: {kind: dragonfly, routing: ecmp}}",
                     "'cluster.fabric.routing: ecmp'");
  expect_unsupported("{preset: dgx-h100, nodes: 2, fabric: {kind: torus, routing: adaptive}}",
                     "'cluster.fabric.routing: adaptive'");
}

TEST(ClusterReader, MixedUpUnitsAreToldApart) {
  expect_fault(replaced(kInline, "400Gb/s", "400GB/s"),
               "test.yaml:7:38: 'link' is 400 GB/s (3200 Gb/s) a NIC port and direction, but no port is faster than "
               "1600 Gb/s; did you mean 400 Gb/s (bits)?");
  expect_fault(replaced(kInline, "450GB/s", "450Gb/s"), "was it meant in bytes, GB/s?");
  expect_fault(replaced(kInline, "450GB/s", "900GB/s"), "do both directions count here?");
  expect_fault(replaced(kInline, "400Gb/s", "400"), "'link'");
  expect_fault(replaced(kInline, "400Gb/s", "80GiB"), "'link'");
  expect_fault("{preset: dgx-h100, nodes: 1, gpu: {memory_bandwidth: 3.35GB/s}}", "did you mean 3.35 TB/s?");
  expect_fault("{preset: dgx-h100, nodes: 1, gpu: {memory: 80MiB}}", "was another prefix meant?");
  expect_fault("{preset: dgx-h100, nodes: 1, gpu: {peak: {bf16: 989MFLOP/s}}}", "'bf16' is 989 MFLOP/s");
}

TEST(ClusterReader, UnknownWordsComeWithASuggestion) {
  expect_fault(replaced(kInline, "oversubscription", "oversubscripton"), "did you mean 'oversubscription'?");
  expect_fault(replaced(kInline, "rail-optimized", "rail-optimised"), "did you mean 'rail-optimized'?");
  expect_fault(replaced(kInline, "nvlink4", "nvlink44"), "did you mean 'nvlink4'?");
  expect_fault(replaced(kInline, "h100-sxm-80gb", "h100-sxm-80g"), "did you mean 'h100-sxm-80gb'?");
  expect_fault(replaced(kInline, "gpus_per_node", "gpu_per_node"), "did you mean 'gpus_per_node'?");
  expect_fault("{preset: dgx-h10, nodes: 1}", "did you mean 'dgx-h100'?");
  expect_fault("{preset: dgx-h100, nodes: 1, gpu: {memory_bound: {rmsnrm: {efficiency: 1, launch: 1us}}}}",
               "did you mean 'rmsnorm'?");
}

TEST(ClusterReader, EveryFaultIsToldInOneRun) {
  std::string text = replaced(kInline, "400Gb/s", "400GB/s");
  text = replaced(text, "nodes: 64", "nodes: many");
  text = replaced(text, "numa", "nuna");
  text = replaced(text, "sharp: false", "sharp: maybe");
  const Result<ClusterSpec> spec = read(text);
  ASSERT_FALSE(spec.ok());
  EXPECT_EQ(spec.errors().size(), 4u) << told(spec.errors());
  for (const Error& error : spec.errors()) EXPECT_GT(error.where.line, 0) << error.what;
}

TEST(ClusterReader, NodesMustBeJoined) {
  expect_fault("{gpu: h100-sxm-80gb, nodes: 2, gpus_per_node: 8, scale_up: {kind: nvswitch, generation: nvlink4}}",
               "'cluster' needs 'fabric'");
  expect_fault("{preset: dgx-h100, nodes: 2, fabric: {kind: none}}", "2 nodes must be joined");
  expect_fault("{preset: dgx-h100, nodes: 2, host: {nics: 0}}", "cluster.host.nics is 0");
  expect_fault("{gpu: h100-sxm-80gb, nodes: 1, gpus_per_node: 8}", "'cluster' needs 'scale_up'");
}

TEST(ClusterReader, ANodeOfOneGpuNeedsNeither) {
  EXPECT_EQ(cluster("{gpu: h100-sxm-80gb, nodes: 1, gpus_per_node: 1}").gpus(), 1);
}

TEST(ClusterReader, AKeyWithoutMeaningIsNotTakenInSilence) {
  expect_fault("{preset: dgx-h100, nodes: 2, fabric: {kind: single-switch, oversubscription: 2}}", "means nothing");
  expect_fault("{preset: dgx-h100, nodes: 2, fabric: {kind: single-switch, pod_gpus: 64}}", "means nothing");
  expect_fault("{preset: ideal, nodes: 2, scale_up: {kind: ideal, bandwidth: 450GB/s}}", "means nothing");
  EXPECT_EQ(faults("{preset: meta-24k, nodes: 2, fabric: {kind: single-switch}}"), "");  // the preset's pods fall away
  expect_fault("{preset: dgx-h100, nodes: 2, fabric: {pod_oversubscription: 7}}", "needs 'pod_gpus'");
  expect_fault("{preset: ideal, nodes: 2, fabric: {kind: fat-tree, link: 400Gb/s}}", "beside free links");
}

TEST(ClusterReader, KeysOfAnotherKindMeanNothing) {
  expect_fault(replaced(kInline, "queue_pairs: 1", "queue_pairs: 4"), "'cluster.fabric.queue_pairs: 4' means nothing");
  expect_fault("{preset: dgx-h100, nodes: 2, fabric: {kind: single-switch, routing: ecmp}}", "means nothing");
  expect_fault("{preset: dgx-h100, nodes: 2, fabric: {kind: fat-tree, dimensions: [2]}}", "means nothing");
  expect_fault("{preset: tpu-v4, nodes: 2, scale_up: {kind: torus, switches: 4}}", "means nothing");
  expect_fault("{preset: dgx-h100, nodes: 2, scale_up: {kind: nvswitch, wires: {0-1: 1}}}", "means nothing");
}

// SHARP is InfiniBand's.
TEST(ClusterReader, SwitchesThatReduceAreThoseThatCan) {
  EXPECT_TRUE(cluster("{preset: dgx-h100, nodes: 2, fabric: {sharp: true}}").fabric.sharp);
  EXPECT_FALSE(cluster("{preset: dgx-h100, nodes: 2}").fabric.sharp);
  expect_fault("{preset: hgx-h100-roce, nodes: 2, fabric: {sharp: true}}", "switches of 'network: roce' do not reduce");
  expect_fault("{preset: dgx-h100, nodes: 2, fabric: {kind: torus, sharp: true}}", "means nothing");
}

TEST(ClusterReader, ShapesMustHoldTheCluster) {
  expect_fault("{preset: tpu-v4, nodes: 16, scale_up: {dimensions: [4, 4, 8]}}",
               "'cluster.scale_up.dimensions' hold 128 places, but the cluster has 64 GPUs");
  expect_fault("{preset: tpu-v4, nodes: 16, scale_up: {dimensions: [4, x]}}", "must be a list of sizes");
  expect_fault("{preset: dgx-2, nodes: 1, scale_up: {planes: 5}}", "'planes' is 5, which does not divide");
  expect_fault("{preset: dgx-1v, nodes: 1, scale_up: {wires: {0-8: 1}}}", "'0-8' does not name two of the 8 GPUs");
}

TEST(ClusterReader, LinksThatCarryNothingAreErrors) {
  expect_fault("{preset: dgx-h100, nodes: 1, scale_up: {usable: 0GB/s}}", "'usable' is 0");
  expect_fault("{preset: dgx-h100, nodes: 1, host: {pcie_bandwidth: 0GB/s}}", "'pcie_bandwidth' is 0");
  expect_fault("{preset: dgx-h100, nodes: 2, fabric: {link: 0Gb/s}}", "'link'");
}

TEST(ClusterReader, AFaultNamesALinkOfTheFabric) {
  expect_fault("{preset: dgx-h100, nodes: 64, faults: [{link: leaf3-spin1, capacity: 0.5}]}",
               "none of that name; did you mean 'leaf3-spine1'?");
  expect_fault("{preset: dgx-h100, nodes: 64, faults: [{link: leaf3-spine1}]}", "'capacity'");
  expect_fault("{preset: dgx-h100, nodes: 64, faults: [{link: leaf3-spine1, capacity: 1.5}]}", "'capacity'");
}

TEST(ClusterReader, HostileShapesAreErrors) {
  for (const char* text : {"[]", "{preset: [dgx-h100], nodes: 1}", "{preset: dgx-h100, nodes: 1, gpu: []}",
                           "{preset: dgx-h100, nodes: 1, fabric: 7}", "{preset: dgx-h100, nodes: 99999999999999}",
                           "{preset: dgx-h100, nodes: -1}", "{preset: ../gpus/gb200, nodes: 1}",
                           "{preset: ideal, nodes: 4194304, gpus_per_node: 4096}", "{preset: {preset: x}, nodes: 1}"})
    EXPECT_FALSE(faults(text).empty()) << text;
}

}  // namespace
}  // namespace orrery::topology

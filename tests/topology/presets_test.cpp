#include <algorithm>
#include <cmath>
#include <set>

#include "tests/topology/support.h"

namespace orrery::topology {
namespace {

// The names that outside tools use (contract, section 6).
const std::vector<std::string> kGpus = {"gtx-580",        "v100-sxm2-16gb", "v100-sxm2-32gb",
                                        "v100-sxm3-32gb", "a100-sxm-40gb",  "a100-sxm-80gb",
                                        "a100-pcie-80gb", "h100-sxm-80gb",  "h100-sxm-96gb-500w",
                                        "h800-sxm-80gb",  "h200-sxm-141gb", "b200-sxm-180gb",
                                        "b300-sxm",       "gb200",          "gb300",
                                        "gh200",          "l40s",           "rtx-pro-6000",
                                        "tpu-v4"};
const std::vector<std::string> kClusters = {
    "dgx-1v",          "tpu-v4",         "ideal",         "dgx-2",
    "dgx-a100-40gb",   "dgx-a100",       "a100-jean-zay", "a100-40gb-roce-1600g",
    "a100-roce-1600g", "a100-roce-400g", "hgx-h100-roce", "meta-24k",
    "h100-500w-roce",  "dgx-h100",       "h800-deepseek", "dgx-h200",
    "dgx-b200",        "dgx-b300",       "gb200-nvl72",   "gb300-nvl72",
    "aws-p4d",         "aws-p5"};
// Nodes that people rent or build, beyond those.
const std::vector<std::string> kMoreClusters = {"azure-ndv4",  "azure-ndv5",       "gcp-a3-high", "gcp-a3-mega",
                                                "gcp-a4",      "gh200-alps",       "l40s-4gpu",   "l40s-8gpu",
                                                "aws-p6-b200", "rtx-pro-6000-8gpu"};

GpuSpec gpu(const std::string& name) {
  const Result<GpuSpec> spec = read_gpu(yaml(name), presets());
  if (!spec) ADD_FAILURE() << told(spec.errors());
  return spec ? *spec : GpuSpec{};
}

TEST(GpuPresets, EveryNameOfTheContractLoadsWithItsCurves) {
  for (const std::string& name : kGpus) {
    SCOPED_TRACE(name);
    const GpuSpec spec = gpu(name);
    EXPECT_EQ(spec.name, name);
    EXPECT_GT(spec.memory.n, 0);
    EXPECT_FALSE(spec.peak.empty());
    EXPECT_TRUE(spec.gemm.count(Dtype::bf16) || spec.gemm.count(Dtype::fp16));
    EXPECT_FALSE(spec.attention.efficiency_by_length.empty());
    EXPECT_TRUE(spec.memory_bound.count("default"));
    EXPECT_EQ(spec.fitted, spec.transferred_from.empty());
  }
}

TEST(GpuPresets, NoFileIsOutsideOfTheContract) {
  std::vector<std::string> known = kGpus;
  std::sort(known.begin(), known.end());
  EXPECT_EQ(presets().names("hardware/gpus"), known);
  std::set<std::string> clusters(kClusters.begin(), kClusters.end());
  clusters.insert(kMoreClusters.begin(), kMoreClusters.end());
  EXPECT_EQ(presets().names("hardware/clusters"), std::vector<std::string>(clusters.begin(), clusters.end()));
}

// A curve borrowed from another GPU stands on one that is measured.
TEST(GpuPresets, BorrowedCurvesNameAMeasuredGpu) {
  for (const std::string& name : kGpus) {
    const GpuSpec spec = gpu(name);
    if (!spec.fitted) {
      EXPECT_TRUE(gpu(spec.transferred_from).fitted) << name;
    }
  }
}

// Efficiency grows with the length: longer rows amortise the same overheads (H200's last step, measured, does not
// fall).
TEST(GpuPresets, AttentionGrowsMoreEfficientWithLength) {
  for (const std::string& name : kGpus) {
    const auto& table = gpu(name).attention.efficiency_by_length;
    for (std::size_t i = 1; i < table.size(); ++i) {
      EXPECT_LT(table[i - 1].first, table[i].first) << name;
      EXPECT_LT(table[i - 1].second, table[i].second) << name;
    }
  }
}

// Datasheets: 16-bit peak in TFLOP/s, memory bandwidth in TB/s, streaming multiprocessors.
TEST(GpuPresets, NumbersAreTheDatasheets) {
  const struct {
    const char* name;
    Dtype dtype;
    double tflops, tb_per_s;
    int sms;
  } rows[] = {{"v100-sxm2-16gb", Dtype::fp16, 125, 0.9, 80},
              {"a100-sxm-40gb", Dtype::bf16, 312, 1.555, 108},
              {"a100-sxm-80gb", Dtype::bf16, 312, 2.039, 108},
              {"h100-sxm-80gb", Dtype::bf16, 989, 3.35, 132},
              {"h200-sxm-141gb", Dtype::bf16, 989, 4.8, 132},
              {"b200-sxm-180gb", Dtype::bf16, 2250, 7.7, 148},
              {"gb200", Dtype::bf16, 2500, 8.0, 148},
              {"l40s", Dtype::bf16, 362, 0.864, 142},
              {"h100-sxm-80gb", Dtype::fp8, 1979, 3.35, 132},
              {"gtx-580", Dtype::fp32, 1.581, 0.1924, 16},
              {"tpu-v4", Dtype::bf16, 275, 1.2, 2}};
  for (const auto& row : rows) {
    const GpuSpec spec = gpu(row.name);
    EXPECT_DOUBLE_EQ(spec.peak.at(row.dtype).n, row.tflops * 1e12) << row.name;
    EXPECT_NEAR(static_cast<double>(spec.memory_bandwidth.n), row.tb_per_s * 1e12, 1) << row.name;
    EXPECT_EQ(spec.sms, row.sms) << row.name;
  }
}

// A product of 4096^3 in bf16 on H100: 174.2 us measured (ai-dynamo/aiconfigurator, h100_sxm), 182.4 us by the
// curve, recomputed by hand when it was fitted.
TEST(GpuPresets, TheProductCurveOfH100GivesItsGoldenTime) {
  const GpuSpec h100 = gpu("h100-sxm-80gb");
  const GemmCurve& c = h100.gemm.at(Dtype::bf16);
  const double n = 4096, work = 2 * n * n * n, bytes = 2 * 3 * n * n;
  const double compute = work / (c.compute_efficiency * h100.peak.at(Dtype::bf16).n);
  const double memory = bytes / (c.memory_efficiency * static_cast<double>(h100.memory_bandwidth.n));
  const double both = std::pow(std::pow(compute, c.exponent) + std::pow(memory, c.exponent), 1 / c.exponent);
  EXPECT_NEAR((c.launch.seconds() + both) * 1e6, 182.4, 0.3);
}

// "80 GB" devices report 79.1 to 79.6 GiB; what is sold as n GB never reports more than n GB.
TEST(GpuPresets, MemoryIsWhatDriversReport) {
  for (const char* name : {"a100-sxm-80gb", "h100-sxm-80gb", "h800-sxm-80gb"}) {
    const double gib = static_cast<double>(gpu(name).memory.n) / (1ll << 30);
    EXPECT_GE(gib, 79.1) << name;
    EXPECT_LE(gib, 79.6) << name;
  }
  EXPECT_LT(gpu("h200-sxm-141gb").memory.n, 141ll << 30);
  EXPECT_LT(gpu("b200-sxm-180gb").memory.n, 180ll << 30);
}

TEST(GpuPresets, OldGpusHaveNoFormatsOfTheirSuccessors) {
  EXPECT_FALSE(gpu("v100-sxm2-32gb").peak.count(Dtype::bf16));
  EXPECT_FALSE(gpu("a100-sxm-80gb").peak.count(Dtype::fp8));
  EXPECT_FALSE(gpu("h100-sxm-80gb").peak.count(Dtype::nvfp4));
  EXPECT_FALSE(gpu("gtx-580").peak.count(Dtype::fp16));
}

TEST(ClusterPresets, EveryNameLoadsAndIsWired) {
  std::vector<std::string> names = kClusters;
  names.insert(names.end(), kMoreClusters.begin(), kMoreClusters.end());
  for (const std::string& name : names) {
    for (const char* nodes : {"1", "3", "40"}) {
      SCOPED_TRACE(name + " x " + nodes);
      const ClusterSpec spec = cluster("{preset: " + name + ", nodes: " + nodes + "}");
      EXPECT_EQ(spec.name, name);
      EXPECT_TRUE(spec.defaults_used.empty()) << spec.defaults_used.front();
      EXPECT_EQ(fabric(spec).links().empty(), name == "ideal");
    }
  }
}

// NVLink: GPU's NCCL budget. NIC: rated Gb/s of one GPU, times the usable share.
TEST(ClusterPresets, LinksCarryWhatTheMachinesCarry) {
  const struct {
    const char* name;
    double nvlink, nic_gbit;
    int nics;
  } rows[] = {{"dgx-2", 120, 100, 8},         {"dgx-a100", 240, 200, 8},     {"a100-jean-zay", 240, 100, 4},
              {"dgx-h100", 370.8, 400, 8},    {"meta-24k", 370.8, 400, 8},   {"h800-deepseek", 164.8, 400, 8},
              {"dgx-b200", 721.8, 400, 8},    {"dgx-b300", 721.8, 800, 8},   {"gb200-nvl72", 721.8, 400, 4},
              {"aws-p4d", 240, 100, 4},       {"aws-p5", 370.8, 400, 8},     {"a100-roce-400g", 240, 100, 4},
              {"azure-ndv4", 240, 200, 8},    {"azure-ndv5", 370.8, 400, 8}, {"gcp-a3-high", 370.8, 200, 4},
              {"gcp-a3-mega", 370.8, 200, 8}, {"gcp-a4", 721.8, 400, 8},     {"gh200-alps", 370.8, 200, 4},
              {"aws-p6-b200", 721.8, 400, 8}};
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    const Fabric f = fabric(std::string("{preset: ") + row.name + ", nodes: 32}");
    EXPECT_NEAR(gb(f.cluster().scale_up.usable), row.nvlink, 0.001);
    EXPECT_EQ(f.nics_per_node(), row.nics);
    for (const FabricLink& link : f.links())
      if (link.kind == LinkKind::nic) {
        ASSERT_NEAR(gb(link.capacity), row.nic_gbit / 8 * f.cluster().fabric.efficiency, 1e-6);
      }
  }
}

}  // namespace
}  // namespace orrery::topology

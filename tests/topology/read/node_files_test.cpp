#include <filesystem>
#include <fstream>

#include "sim/base/text.h"
#include "tests/topology/support.h"
#include "topology/read/files/nearest_nics.h"
#include "topology/read/files/nvidia_smi.h"

// Files that describe one node, and the clusters that they make.
namespace orrery::topology {
namespace {

std::string shared(const std::string& file) {
  return std::string(ORRERY_SHARED_DATA) + "/nccl-topo/" + file;
}

#define NEEDS(file) \
  if (!std::filesystem::exists(file)) GTEST_SKIP() << "shared data nccl-topo is absent"

// A file of this test's own, by its path.
std::string written(const std::string& name, const std::string& text) {
  const std::string path = testing::TempDir() + name;
  std::ofstream(path) << text;
  return path;
}

// A hybrid of what dumps hold: two GPUs of `links` NVLinks each, `nics` NICs, one CPU.
std::string dump(int links, const std::string& nics) {
  std::string text = "<system version=\"1\">\n<cpu numaid=\"0\" arch=\"x86_64\" vendor=\"AuthenticAMD\">\n";
  for (int gpu = 0; gpu < 2; ++gpu)
    text += "<pci busid=\"0000:1" + std::to_string(gpu) +
            ":00.0\" class=\"0x030200\" vendor=\"0x10de\" device=\"0x2330\" link_speed=\"32.0 GT/s PCIe\" "
            "link_width=\"16\"><gpu dev=\"" +
            std::to_string(gpu) + "\" sm=\"90\"><nvlink target=\"0000:05:00.0\" count=\"" + std::to_string(links) +
            "\" tclass=\"0x068000\"/></gpu></pci>\n";
  return text + nics + "</cpu>\n</system>\n";
}

std::string nic(const std::string& busid, int megabits,
                const std::string& pcie = "link_speed=\"32.0 GT/s PCIe\" link_width=\"16\"") {
  return "<pci busid=\"" + busid + "\" class=\"0x020700\" " + pcie + "><nic><net name=\"" + busid + "\" speed=\"" +
         std::to_string(megabits) + "\"/></nic></pci>\n";
}

TEST(NodeFile, ACompleteDumpNeedsNoPlatform) {
  const std::string file = shared("constructed-hgx-h200-8gpu-8nic-topo.xml");
  NEEDS(file);
  const ClusterSpec spec = cluster("{nodes: 4, fabric: {file: " + file + ", kind: rail-optimized}}");
  EXPECT_EQ(spec.gpu.name, "h200-sxm-141gb");  // PCI device 0x2335
  EXPECT_EQ(spec.gpus(), 32);
  EXPECT_EQ(spec.scale_up.generation, "nvlink4");  // 18 links of sm_90
  EXPECT_EQ(spec.scale_up.bandwidth.n, 450'000'000'000);
  EXPECT_EQ(spec.scale_up.switches, 4);
  EXPECT_EQ(spec.host.pcie, "gen5");
  EXPECT_EQ(spec.host.nics, 8);
  EXPECT_EQ(spec.host.numa, 2);
  EXPECT_EQ(spec.cpu_vendor, "intel");
  EXPECT_EQ(spec.fabric.link.n, 50'000'000'000);  // speed="400000"
}

// The same machine by its preset and by its file: the same links.
TEST(NodeFile, ADumpAndThePresetOfItsMachineMakeOneFabric) {
  const std::string file = shared("constructed-hgx-h200-8gpu-8nic-topo.xml");
  NEEDS(file);
  const Fabric by_preset = fabric("{preset: dgx-h200, nodes: 4}");
  const Fabric by_file = fabric("{preset: dgx-h200, nodes: 4, fabric: {file: " + file + "}}");
  ASSERT_EQ(by_file.links().size(), by_preset.links().size());
  for (std::uint32_t i = 0; i < by_file.links().size(); ++i)
    EXPECT_EQ(by_file.links()[{i}].capacity, by_preset.links()[{i}].capacity) << by_file.link_name({i});
}

TEST(NodeFile, BareTreesOfCloudsAreFilledFromTheirPlatform) {
  const struct {
    const char *file, *platform;
    int nics;
    const char* pcie;
  } rows[] = {{"aws-p4d-24xl-topo.xml", "aws-p4d", 4, "gen3"},
              {"aws-p5.48xl-topo.xml", "aws-p5", 32, "gen5"},
              {"azure-ndv4-topo.xml", "dgx-a100-40gb", 8, "gen4"},
              {"azure-ndv5-topo.xml", "dgx-h100", 8, "gen5"}};
  for (const auto& row : rows) {
    SCOPED_TRACE(row.file);
    NEEDS(shared(row.file));
    const std::string platform = std::string("{preset: ") + row.platform + ", nodes: 2";
    const ClusterSpec known = cluster(platform + "}");
    const ClusterSpec spec = cluster(platform + ", fabric: {file: " + shared(row.file) + "}}");
    EXPECT_EQ(spec.gpus_per_node, 8);
    EXPECT_EQ(spec.host.nics, row.nics);
    EXPECT_EQ(spec.host.pcie, row.pcie);
    EXPECT_EQ(spec.scale_up.usable, known.scale_up.usable);
    EXPECT_EQ(spec.fabric.link, known.fabric.link);
    EXPECT_EQ(spec.gpu.name, known.gpu.name);
  }
}

TEST(NodeFile, WhatIsMissingIsToldAtTheElementThatLacksIt) {
  const std::string bare = shared("azure-ndv4-topo.xml"), empty = shared("aws-g5.48xl-topo.xml");
  NEEDS(bare);
  const std::string told = faults("{nodes: 1, fabric: {file: " + bare + "}}");
  EXPECT_NE(told.find("azure-ndv4-topo.xml:4:8: <pci busid=\"0003:00:00.0\"> has no device id"), std::string::npos)
      << told;
  EXPECT_NE(told.find("azure-ndv4-topo.xml:30:8: <pci busid=\"000c:00:00.0\"> holds no <nvlink>"), std::string::npos)
      << told;
  EXPECT_NE(faults("{nodes: 1, fabric: {file: " + empty + "}}").find("aws-g5.48xl-topo.xml:14:6: nothing is a GPU"),
            std::string::npos);
  EXPECT_EQ(faults("{preset: dgx-a100, nodes: 2, fabric: {file: " + empty + "}}"), "");
}

TEST(NodeFile, AFileAndItsPlatformMustAgreeOnGpus) {
  const std::string file = written("two-gpus.xml", dump(18, ""));
  EXPECT_NE(faults("{preset: dgx-h100, nodes: 1, fabric: {file: " + file + "}}")
                .find("the file has 2 GPUs, but a node of the platform that is named has 8"),
            std::string::npos);
}

TEST(NodeFile, SeveralNodesNeedAKind) {
  const std::string file = written("several.xml", dump(18, nic("0000:20:00.0", 400000)));
  EXPECT_EQ(faults("{nodes: 1, fabric: {file: " + file + "}}"), "");
  EXPECT_NE(faults("{nodes: 2, fabric: {file: " + file + "}}").find("describes one node; write cluster.fabric.kind"),
            std::string::npos);
}

TEST(NodeFile, FewerLinksThanTheGenerationHasCarryLess) {
  const std::string file = written("h800.xml", dump(8, ""));
  const ClusterSpec spec = cluster("{nodes: 1, gpu: h800-sxm-80gb, fabric: {file: " + file + "}}");
  EXPECT_EQ(spec.scale_up.bandwidth.n, 200'000'000'000);  // 8 x 25 GB/s
  EXPECT_EQ(spec.cpu_vendor, "amd");
  const std::string too_many = written("too-many.xml", dump(19, ""));
  EXPECT_NE(
      faults("{nodes: 1, fabric: {file: " + too_many + "}}").find("lists 19 NVLinks, but a GPU of nvlink4 has 18"),
      std::string::npos);
}

TEST(NodeFile, ANicIsHeldToItsPcieLink) {
  const std::string slow = nic("0000:20:00.0", 200000, "link_speed=\"8.0 GT/s PCIe\" link_width=\"16\"");
  const ClusterSpec spec = cluster("{nodes: 1, fabric: {file: " + written("slow.xml", dump(18, slow)) + "}}");
  EXPECT_EQ(spec.fabric.link.n, 13'900'000'000);  // Gen3 x16 carries less than 25 GB/s
  ASSERT_EQ(spec.assumptions.size(), 1u);
}

TEST(NodeFile, ManagementPortsAreNotCompute) {
  const std::string nics = nic("0000:20:00.0", 400000) + nic("0000:21:00.0", 400000) + nic("0000:22:00.0", 25000);
  const ClusterSpec spec = cluster("{nodes: 1, fabric: {file: " + written("mixed.xml", dump(18, nics)) + "}}");
  EXPECT_EQ(spec.host.nics, 2);
  EXPECT_NE(spec.assumptions.at(0).find("1 of 3 NICs"), std::string::npos);
}

// NVLinks from GPU to GPU: a DGX-1V's rows of GPU 0, as far as four GPUs go.
TEST(NodeFile, DirectNvlinksAreWires) {
  const int links[4][4] = {{0, 1, 1, 2}, {1, 0, 2, 1}, {1, 2, 0, 1}, {2, 1, 1, 0}};
  std::string text = "<system version=\"1\"><cpu numaid=\"0\">\n";
  for (int a = 0; a < 4; ++a) {
    text += "<pci busid=\"0:" + std::to_string(a) + ":0.0\" class=\"0x030200\"><gpu dev=\"" + std::to_string(a) +
            "\" sm=\"70\">";
    for (int b = 0; b < 4; ++b)
      if (a != b)
        text += "<nvlink target=\"0:" + std::to_string(b) + ":0.0\" count=\"" + std::to_string(links[a][b]) +
                "\" tclass=\"0x030200\"/>";
    text += "</gpu></pci>\n";
  }
  const std::string file = written("mesh.xml", text + "</cpu></system>");
  const ClusterSpec spec = cluster("{nodes: 1, gpu: v100-sxm2-16gb, fabric: {file: " + file + "}}");
  EXPECT_EQ(spec.scale_up.kind, "cube-mesh");
  ASSERT_EQ(spec.scale_up.wires.size(), 6u);
  EXPECT_EQ(spec.scale_up.wires[2].b, 3);
  EXPECT_EQ(spec.scale_up.wires[2].links, 2);
  EXPECT_EQ(gb(spec.scale_up.bandwidth), 100);  // four of six links of 25 GB/s
}

TEST(NearestNics, ServeWhoeverIsNearest) {
  EXPECT_EQ(nearest_nics({{0, 3, 3}, {3, 0, 3}}, {0, 0, 0}).used, (std::vector<std::size_t>{0, 1}));
  EXPECT_TRUE(nearest_nics({{0, 3}, {3, 0}}, {0, 0}).assumptions.empty());
  EXPECT_EQ(nearest_nics({{0, 0, 3}, {3, 3, 0}}, {0, 0, 0}).assumptions.size(), 1u);  // two and one
  EXPECT_TRUE(nearest_nics({{1}}, {}).used.empty());
}

constexpr const char* kDgx =
    "\t\x1b[4mGPU0\tGPU1\tNIC0\tNIC1\tCPU Affinity\tNUMA Affinity\tGPU NUMA ID\x1b[0m\n"
    "GPU0\t X \tNV12\tPXB\tSYS\t0-63\t0\t\tN/A\n"
    "GPU1\tNV12\t X \tSYS\tPXB\t64-127\t1\t\tN/A\n"
    "NIC0\tPXB\tSYS\t X \tSYS\n"
    "NIC1\tSYS\tPXB\tSYS\t X \n"
    "\nLegend:\n\n  X    = Self\n";

TEST(NvidiaSmi, ReadsAMatrix) {
  const Result<SmiTopology> matrix = parse_nvidia_smi(kDgx, "smi.txt");
  ASSERT_TRUE(matrix.ok()) << told(matrix.errors());
  EXPECT_EQ(matrix->gpus().size(), 2u);
  EXPECT_EQ(matrix->nics().size(), 2u);
  EXPECT_EQ(matrix->devices[0].paths[1].nvlinks, 12);
  EXPECT_EQ(matrix->devices[1].numa, 1);
  EXPECT_EQ(matrix->devices[1].paths[3].kind, SmiPath::Kind::pxb);
}

// Twelve links to each of seven others are more wires than a GPU has: there are switches.
TEST(NvidiaSmi, ManyLinksToEverybodyAreSwitches) {
  std::string text, header = "\t";
  for (int i = 0; i < 8; ++i) header += "GPU" + std::to_string(i) + "\t";
  for (int i = 0; i < 8; ++i) {
    text += "GPU" + std::to_string(i);
    for (int j = 0; j < 8; ++j) text += i == j ? "\tX" : "\tNV12";
    text += "\n";
  }
  const std::string file = written("smi.txt", header + "\n" + text);
  const ClusterSpec spec = cluster("{nodes: 1, gpu: a100-sxm-80gb, fabric: {file: " + file + "}}");
  EXPECT_EQ(spec.gpus_per_node, 8);
  EXPECT_EQ(spec.scale_up.generation, "nvlink3");
  EXPECT_NE(faults("{nodes: 1, fabric: {file: " + file + "}}").find("smi.txt:2:1: a matrix does not say which GPUs"),
            std::string::npos);
}

std::string smi_faults(const std::string& text) {
  const Result<SmiTopology> matrix = parse_nvidia_smi(text, "smi.txt");
  return matrix ? "" : told(matrix.errors());
}

TEST(NvidiaSmi, WhatIsWrongIsToldWithItsPlace) {
  EXPECT_EQ(smi_faults("\tGPU0\tGPU1\nGPU0\tX\tNV4\nGPU1\tNV2\tX\n"),
            "smi.txt:3:1: GPU1 to GPU0 is NV2, but back it is NV4\n");
  EXPECT_EQ(smi_faults("\tGPU0\tGPU1\nGPU0\tX\tNVX\nGPU1\tNV2\tX\n"),
            "smi.txt:2:8: 'NVX' is none of X, NV#, PIX, PXB, PHB, NODE, SYS\n");
  EXPECT_NE(smi_faults("\tGPU0\tGPU1\nGPU0\tX\tNV2\n").find("ends after 1 of 2 rows"), std::string::npos);
  EXPECT_NE(smi_faults("\tGPU0\tGPU1\nGPU0\tX\n").find("has 1 entries for 2 devices"), std::string::npos);
  EXPECT_NE(smi_faults("\tGPU0\tGPU1\nGPU1\tX\tX\n").find("row 'GPU1' where the header has 'GPU0'"), std::string::npos);
  EXPECT_NE(smi_faults("\tGPU0\tGPU1\nGPU0\tSYS\tX\nGPU1\tX\tX\n").find("meets itself"), std::string::npos);
  EXPECT_NE(smi_faults("nothing\n").find("no line begins with GPU0"), std::string::npos);
}

TEST(FabricFile, IsToldApartByWhatIsInIt) {
  EXPECT_NE(faults("{gpu: h100-sxm-80gb, nodes: 1, gpus_per_node: 1, fabric: {file: " +
                   written("graph.xml", "<graphs version=\"1\"><graph id=\"0\" nchannels=\"0\"/></graphs>") + "}}")
                .find("holds NCCL's rings and trees"),
            std::string::npos);
  EXPECT_NE(faults("{preset: dgx-h100, nodes: 1, fabric: {file: /does/not/exist.xml}}")
                .find("/does/not/exist.xml cannot be opened"),
            std::string::npos);
  EXPECT_NE(faults("{preset: dgx-h100, nodes: 1, fabric: {file: /dev/zero}}").find("/dev/zero is not a file"),
            std::string::npos);
}

}  // namespace
}  // namespace orrery::topology

#include "topology/read/nccl/nccl_system.h"

#include <filesystem>

#include "sim/base/text.h"
#include "tests/topology/support.h"
#include "topology/read/nccl/nccl_graph.h"

namespace orrery::topology {
namespace {

std::string system_faults(const std::string& inside) {
  const Result<NcclSystem> system =
      parse_nccl_system("<system version=\"1\"><cpu numaid=\"0\">\n" + inside + "\n</cpu></system>", "t.xml");
  return system ? "" : told(system.errors());
}

std::string gpu(const std::string& busid, const std::string& dev, const std::string& links) {
  return "<pci busid=\"" + busid + "\" class=\"0x030200\"><gpu dev=\"" + dev + "\" sm=\"90\">" + links +
         "</gpu></pci>\n";
}

TEST(NcclSystem, WhatContradictsItselfIsTold) {
  EXPECT_EQ(system_faults("<pci busid=\"0:1:0.0\"/>\n<pci busid=\"0:1:0.0\"/>"),
            "t.xml:3:2: two devices with the bus id 0:1:0.0; the first is in line 2\n");
  EXPECT_EQ(system_faults(gpu("0:1:0.0", "0", "<nvlink target=\"0:9:0.0\" count=\"2\" tclass=\"0x030200\"/>")),
            "t.xml:2:61: an NVLink to 0:9:0.0, but the file has no GPU there\n");
  EXPECT_EQ(system_faults(gpu("0:1:0.0", "0", "<nvlink target=\"0:2:0.0\" count=\"2\" tclass=\"0x030200\"/>") +
                          gpu("0:2:0.0", "1", "")),
            "t.xml:2:61: 0:1:0.0 lists 2 NVLinks to 0:2:0.0, which lists 0 back\n");
  EXPECT_EQ(system_faults(gpu("0:1:0.0", "0", "") + gpu("0:2:0.0", "0", "")),
            "t.xml:3:40: two GPUs with dev 0; the first is in line 2\n");
  EXPECT_EQ(system_faults("<pci busid=\"0:1:0.0\" class=\"0x020700\"><gpu dev=\"0\"/></pci>"),
            "t.xml:2:40: <pci busid=\"0:1:0.0\"> has class InfiniBand, but holds a <gpu>\n");
}

TEST(NcclSystem, ValuesOfWrongTypesAreTold) {
  EXPECT_NE(system_faults("<pci/>").find("t.xml:2:2: '<pci>' needs 'busid'"), std::string::npos);
  EXPECT_NE(system_faults("<pci busid=\"../../etc\"/>").find("not a bus id"), std::string::npos);
  EXPECT_NE(system_faults("<pci busid=\"0:1:0.0\" class=\"gpu\"/>").find("not a hexadecimal number"),
            std::string::npos);
  EXPECT_NE(system_faults("<pci busid=\"0:1:0.0\" link_speed=\"fast\"/>").find("not a speed"), std::string::npos);
  EXPECT_NE(system_faults("<pci busid=\"0:1:0.0\" link_width=\"-4\"/>").find("link_width"), std::string::npos);
  EXPECT_NE(system_faults(gpu("0:1:0.0", "0", "<nvlink target=\"0:2:0.0\" count=\"-1\"/>")).find("count"),
            std::string::npos);
}

TEST(NcclSystem, PathsAreNamedAsNcclNamesThem) {
  const Result<NcclSystem> system = parse_nccl_system(
      R"(<system version="1">
  <cpu numaid="0">
    <pci busid="0:1:0.0" class="0x060400">
      <pci busid="0:2:0.0" class="0x030200"/>
      <pci busid="0:3:0.0" class="0x020700"/>
      <pci busid="0:4:0.0" class="0x060400"><pci busid="0:5:0.0" class="0x020700"/></pci>
    </pci>
    <pci busid="0:6:0.0" class="0x020700"/>
  </cpu>
  <cpu numaid="1"><pci busid="1:6:0.0" class="0x020700"/></cpu>
</system>)",
      "t.xml");
  ASSERT_TRUE(system.ok()) << told(system.errors());
  const auto gpus = gpus_of(*system), nics = nics_of(*system);
  ASSERT_EQ(gpus.size(), 1u);
  ASSERT_EQ(nics.size(), 4u);
  const PathType expected[] = {PathType::pix, PathType::pxb, PathType::phb, PathType::sys};
  for (std::size_t n = 0; n < 4; ++n) EXPECT_EQ(path_between(gpus[0], nics[n]), expected[n]) << n;
}

// Every file that is shared, of clouds and dumps: read, with the counts its own notes state.
TEST(NcclSystem, ReadsWhatCloudsShip) {
  const std::string folder = std::string(ORRERY_SHARED_DATA) + "/nccl-topo/";
  if (!std::filesystem::is_directory(folder)) GTEST_SKIP() << "shared data nccl-topo is absent";
  const struct {
    const char* file;
    std::size_t gpus, nics, cpus;
  } rows[] = {{"aws-g5.48xl-topo.xml", 0, 0, 2},  // bus ids only
              {"aws-p4d-24xl-topo.xml", 8, 4, 2}, {"aws-p4de-24xl-topo.xml", 8, 4, 2},
              {"aws-p5.48xl-topo.xml", 8, 32, 1}, {"azure-ndv4-topo.xml", 8, 8, 4},
              {"azure-ndv5-topo.xml", 8, 8, 2},   {"constructed-hgx-h200-8gpu-8nic-topo.xml", 8, 8, 2}};
  for (const auto& row : rows) {
    SCOPED_TRACE(row.file);
    const Result<std::string> text = read_text_file(folder + row.file, 1 << 20);
    ASSERT_TRUE(text.ok());
    const Result<NcclSystem> system = parse_nccl_system(*text, row.file);
    ASSERT_TRUE(system.ok()) << told(system.errors());
    EXPECT_EQ(gpus_of(*system).size(), row.gpus);
    EXPECT_EQ(nics_of(*system).size(), row.nics);
    EXPECT_EQ(system->cpus.size(), row.cpus);
  }
}

TEST(NcclGraph, RingsAreThoseThatWereLaid) {
  const std::string file = std::string(ORRERY_SHARED_DATA) + "/nccl-topo/azure-ncv4-graph.xml";
  if (!std::filesystem::exists(file)) GTEST_SKIP() << "shared data nccl-topo is absent";
  const Result<NcclGraphs> graphs = parse_nccl_graphs(*read_text_file(file, 1 << 20), "g.xml");
  ASSERT_TRUE(graphs.ok()) << told(graphs.errors());
  const NcclGraph* ring = graphs->find(NcclGraphKind::ring);
  ASSERT_NE(ring, nullptr);
  ASSERT_EQ(ring->channels.size(), 2u);
  EXPECT_EQ(ring->channels[0].gpus, (std::vector<int>{0, 1, 2, 3}));
  EXPECT_EQ(ring->channels[1].gpus, (std::vector<int>{0, 3, 2, 1}));
  EXPECT_EQ(ring->type_intra, "SYS");
  EXPECT_EQ(graphs->find(NcclGraphKind::tree)->channels.size(), 4u);
  EXPECT_EQ(graphs->find(NcclGraphKind::nvls), nullptr);
}

TEST(NcclGraph, ChannelsThatContradictTheirGraphAreTold) {
  const auto faults_of = [](const std::string& graph) {
    const Result<NcclGraphs> graphs = parse_nccl_graphs("<graphs version=\"1\">\n" + graph + "</graphs>", "g.xml");
    return graphs ? std::string() : told(graphs.errors());
  };
  EXPECT_EQ(faults_of("<graph id=\"0\" nchannels=\"2\"><channel><gpu dev=\"0\"/></channel></graph>"),
            "g.xml:2:15: nchannels is 2, but the graph lists 1 channels\n");
  EXPECT_EQ(faults_of("<graph id=\"0\" nchannels=\"1\"><channel><gpu dev=\"0\"/><gpu dev=\"0\"/></channel></graph>"),
            "g.xml:2:53: the channel passes GPU 0 twice\n");
  EXPECT_NE(faults_of("<graph id=\"0\" nchannels=\"2\"><channel><gpu dev=\"0\"/></channel>"
                      "<channel><gpu dev=\"1\"/></channel></graph>")
                .find("not the same ones"),
            std::string::npos);
  EXPECT_NE(faults_of("<graph id=\"0\" nchannels=\"1\"><channel/></graph>").find("without a GPU"), std::string::npos);
}

}  // namespace
}  // namespace orrery::topology

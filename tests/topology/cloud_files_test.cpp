#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "tests/topology/support.h"

// Topology files that clouds ship for NCCL, as an outside oracle for presets of the same machines.
namespace orrery::topology {
namespace {

int occurrences(const std::string& text, const std::string& word) {
  int n = 0;
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + word.size())) ++n;
  return n;
}

TEST(CloudFiles, CountTheGpusAndNicsOfTheirPresets) {
  const std::string folder = std::string(ORRERY_SHARED_DATA) + "/nccl-topo/";
  if (!std::filesystem::is_directory(folder)) GTEST_SKIP() << "shared data nccl-topo is absent";
  const struct {
    const char *file, *preset;
  } rows[] = {{"aws-p4d-24xl-topo.xml", "aws-p4d"},
              {"aws-p5.48xl-topo.xml", "aws-p5"},
              {"azure-ndv4-topo.xml", "dgx-a100"},
              {"azure-ndv5-topo.xml", "dgx-h100"}};
  for (const auto& row : rows) {
    SCOPED_TRACE(row.file);
    std::ostringstream text;
    text << std::ifstream(folder + row.file).rdbuf();
    const ClusterSpec spec = cluster(std::string("{preset: ") + row.preset + ", nodes: 2}");
    EXPECT_EQ(occurrences(text.str(), "class=\"0x0302"), spec.gpus_per_node);  // 3D controllers
    EXPECT_EQ(occurrences(text.str(), "class=\"0x0200") + occurrences(text.str(), "class=\"0x0207"), spec.host.nics);
  }
}

// Each file of the two folders reads below a platform, or is refused with what it is.
TEST(CloudFiles, ReadOrSayWhatTheyAre) {
  namespace fs = std::filesystem;
  const std::map<std::string, std::pair<std::string, std::string>> rows = {
      {"aws-g5.48xl-topo.xml", {"l40s-8gpu", ""}},
      {"aws-p4d-24xl-topo.xml", {"aws-p4d", ""}},
      {"aws-p4de-24xl-topo.xml", {"aws-p4d", ""}},
      {"aws-p5.48xl-topo.xml", {"aws-p5", ""}},
      {"azure-ncv4-graph.xml", {"dgx-a100", "holds NCCL's rings and trees (NCCL_GRAPH_FILE), which are no fabric"}},
      {"azure-ndv4-topo.xml", {"azure-ndv4", ""}},
      {"azure-ndv5-topo.xml", {"azure-ndv5", ""}},
      {"constructed-hgx-h200-8gpu-8nic-topo.xml", {"dgx-h200", ""}},
      {"azure_ncv4-graph.xml", {"dgx-a100", "holds NCCL's rings and trees (NCCL_GRAPH_FILE), which are no fabric"}},
      {"azure_ndv4-topo.xml", {"azure-ndv4", ""}},
      {"azure_ndv5-topo.xml", {"azure-ndv5", ""}},
      {"sb_ibnetdiscover.txt", {"dgx-a100", ""}},
      {"sb_ibstat.txt", {"dgx-a100", "lists hosts' InfiniBand adapters (ibstat), and not what they are wired to"}}};
  int files = 0;
  for (const char* folder : {"/nccl-topo", "/interop/topology"}) {
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(std::string(ORRERY_SHARED_DATA) + folder, none)) {
      const std::string name = entry.path().filename();
      if (name == "README.md") continue;
      SCOPED_TRACE(name);
      ++files;
      ASSERT_TRUE(rows.contains(name)) << "nobody has said what this file is";
      const auto& [preset, refused] = rows.at(name);
      const std::string told =
          faults("{preset: " + preset + ", nodes: 1, fabric: {file: " + entry.path().string() + "}}");
      if (refused.empty())
        EXPECT_EQ(told, "");
      else
        EXPECT_NE(told.find(refused), std::string::npos) << told;
    }
  }
  if (files == 0) GTEST_SKIP() << "shared data nccl-topo and interop/topology are absent";
}

}  // namespace
}  // namespace orrery::topology

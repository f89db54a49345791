#include <filesystem>
#include <fstream>
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

}  // namespace
}  // namespace orrery::topology

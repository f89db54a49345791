// Traces of PyTorch's profiler as it writes them.
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "tests/interop/trace/read/recording.h"

namespace orrery::interop {
namespace {

struct KinetoFile {
  const char* name;
  std::size_t slices, kernels, flow_points;  // counted with another program (Python's json)
};

class Kineto : public testing::TestWithParam<KinetoFile> {};

TEST_P(Kineto, HasEveryEventOfTheFile) {
  const std::string path = std::string(ORRERY_SHARED_DATA) + "/interop/kineto/" + GetParam().name;
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is absent";
  Recording told;
  const auto read = read_trace(path, told);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->format, TraceFormat::kineto);
  EXPECT_EQ(read->skipped, 0u);
  EXPECT_EQ(told.slices.size(), GetParam().slices);
  EXPECT_EQ(told.flows.size(), GetParam().flow_points);
  std::size_t kernels = 0;
  std::int64_t earliest = INT64_MAX;
  for (const auto& slice : told.slices) {
    kernels += slice.category == "kernel";
    earliest = std::min(earliest, slice.start_ps);
  }
  EXPECT_EQ(kernels, GetParam().kernels);
  EXPECT_EQ(earliest, 0);
}

INSTANTIATE_TEST_SUITE_P(Files, Kineto,
                         testing::Values(KinetoFile{"alexnet.json.gz", 868, 79, 500},
                                         KinetoFile{"compare_base_rank1.json.gz", 33, 6, 0},
                                         KinetoFile{"cuda_event_sync.json.gz", 33, 4, 21},
                                         KinetoFile{"dlrm_sampled_rank0.json.gz", 4811, 1154, 0},
                                         KinetoFile{"simple_add_kineto.json.gz", 56, 4, 19}),
                         [](const auto& file) {
                           return std::string(file.param.name).substr(0, std::string(file.param.name).find('.'));
                         });

// A trace of one rank says so at its top; its processes are the program and its GPUs.
TEST(KinetoRank, IsTheRankOfEveryProcess) {
  const std::string text = R"({"schemaVersion":1,"deviceProperties":[],"distributedInfo":{"backend":"nccl","rank":5,
    "world_size":8},"traceEvents":[
    {"ph":"X","cat":"kernel","name":"ncclDevKernel","pid":1,"tid":20,"ts":1682725898236567.125,"dur":2.5},
    {"ph":"X","cat":"cpu_op","name":"aten::add","pid":77,"tid":78,"ts":1682725898236560,"dur":68.0,
     "args":{"External id":41506,"Input Dims":[[2048],[]]}}]})";
  Recording told;
  ASSERT_TRUE(read_bytes(text, told).ok());
  EXPECT_EQ(told.processes[0].rank, 5u);
  EXPECT_EQ(told.processes[1].rank, 5u);
  EXPECT_EQ(told.slices[0].start_ps, 7'125'000);
  EXPECT_EQ(told.slices[1].arguments.at("Input Dims"), "[[2048],[]]");
  TraceReadOptions options;
  options.ranks = {{4, 4}};
  Recording nothing;
  ASSERT_TRUE(read_bytes(text, nothing, options).ok());
  EXPECT_TRUE(nothing.slices.empty());
}

}  // namespace
}  // namespace orrery::interop

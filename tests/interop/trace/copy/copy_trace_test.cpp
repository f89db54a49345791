// A trace that is converted and converted back tells the same.
#include "interop/trace/copy/copy_trace.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "tests/interop/trace/read/recording.h"
#include "tests/interop/trace/small_run.h"

namespace orrery::interop {
namespace {

class CopyOfTrace : public testing::Test {
 protected:
  Recording read(const std::string& path) const {
    Recording told;
    EXPECT_TRUE(read_trace(path, told).ok());
    std::sort(told.slices.begin(), told.slices.end());
    std::sort(told.counts.begin(), told.counts.end());
    return told;
  }
  std::string written(const char* extension) const {
    const SmallRun run(2);
    std::string path = folder_.file(std::string("run") + extension);
    auto writer = open_trace_writer(path, run.context()).value();
    SmallRun::tell(*writer);
    SmallRun::tell(*writer, 2, 3);
    EXPECT_TRUE(writer->close().empty());
    return path;
  }
  static std::vector<std::string> arrows(const Recording& told) {
    std::map<std::uint64_t, std::string> ends;
    for (const TraceFlowPoint& point : told.flows)
      if (point.kind == TraceFlowPoint::Kind::start) ends[point.id] = told.slice_of(point) + " -> ";
    for (const TraceFlowPoint& point : told.flows)
      if (point.kind == TraceFlowPoint::Kind::end) ends[point.id] += told.slice_of(point);
    std::vector<std::string> arrows;
    for (const auto& [id, arrow] : ends) arrows.push_back(arrow);
    std::sort(arrows.begin(), arrows.end());
    return arrows;
  }

  TemporaryFolder folder_;
};

class CopyTrace : public CopyOfTrace, public testing::WithParamInterface<std::pair<const char*, const char*>> {};

TEST_P(CopyTrace, KeepsSlicesArrowsCountersAndRanks) {
  const bool cut = std::string(GetParam().second) == ".pftrace";  // to whole nanoseconds
  const std::string original = written(GetParam().first), copy = folder_.file(std::string("copy") + GetParam().second);
  ASSERT_TRUE(copy_trace(original, copy, {}, {}).ok());
  const Recording before = read(original), after = read(copy);
  EXPECT_EQ(after.slices, [&] {
    std::vector<Recording::Slice> slices = before.slices;
    for (Recording::Slice& s : slices)
      if (cut) s.duration_ps = (s.start_ps + s.duration_ps) / 1000 * 1000 - s.start_ps / 1000 * 1000;
    return slices;
  }());
  EXPECT_EQ(arrows(after), arrows(before));
  EXPECT_EQ(arrows(after).at(0), "rank 0/pp/send F3.0 -> rank 1/pp/recv F3.0");
  const auto of_series = [](const Recording& told) {
    std::vector<Recording::Count> counts;
    for (const auto& count : told.counts)
      if (count.series == "activations") counts.push_back(count);
    return counts;
  };
  EXPECT_EQ(of_series(after), of_series(before));
  EXPECT_FALSE(of_series(after).empty());
  std::map<std::uint32_t, std::string> labels;
  for (const auto& process : after.processes)
    if (process.rank) labels[*process.rank] = process.labels;
  EXPECT_EQ(labels,
            (std::map<std::uint32_t, std::string>{{0, "stage 0"}, {1, "stage 1"}, {2, "stage 0"}, {3, "stage 1"}}));
}

INSTANTIATE_TEST_SUITE_P(Ways, CopyTrace,
                         testing::Values(std::pair(".json", ".json.gz"), std::pair(".json", ".pftrace"),
                                         std::pair(".pftrace", ".json"), std::pair(".pftrace", ".pftrace")));

TEST_F(CopyOfTrace, APartHasOnlyWhatItShows) {
  const std::string original = written(".json"), copy = folder_.file("part.json");
  TraceReadOptions options;
  options.ranks = {{1, 1}};
  ASSERT_TRUE(copy_trace(original, copy, options, {}).ok());
  const Recording part = read(copy);
  ASSERT_EQ(part.processes.size(), 1u);
  EXPECT_EQ(part.processes[0].rank, 1u);
  EXPECT_EQ(part.slices.size(), 2u);
}

// Kineto's file says whose trace it is, once; the copy of it still knows.
TEST_F(CopyOfTrace, KeepsTheRankOfAKinetoTrace) {
  const std::string original = folder_.file("kineto.json");
  std::ofstream(original) << R"({"deviceProperties":[],"distributedInfo":{"rank":5},"traceEvents":[
    {"ph":"M","name":"process_labels","pid":0,"tid":0,"args":{"labels":"GPU 0"}},
    {"ph":"X","cat":"kernel","name":"gemm","pid":0,"tid":7,"ts":1682725898236567,"dur":2.5}]})";
  for (const char* extension : {".pftrace", ".json"}) {
    const std::string copy = folder_.file(std::string("copy") + extension);
    ASSERT_TRUE(copy_trace(original, copy, {}, {}).ok());
    EXPECT_EQ(read(copy).processes.at(0).rank, 5u);
    EXPECT_EQ(read(copy).slices.at(0).duration_ps, 2'500'000);
  }
}

TEST_F(CopyOfTrace, RefusesWhatItCannotWriteOrWouldDestroy) {
  const std::string original = written(".json");
  EXPECT_FALSE(copy_trace(original, folder_.file("x.txt"), {}, {}).ok());
  EXPECT_FALSE(copy_trace(original, original, {}, {}).ok());
  EXPECT_EQ(copy_trace(folder_.file("absent.json"), folder_.file("y.json"), {}, {}).errors()[0].fault, Fault::io);
  EXPECT_FALSE(std::filesystem::exists(folder_.file("y.json")));
}

}  // namespace
}  // namespace orrery::interop

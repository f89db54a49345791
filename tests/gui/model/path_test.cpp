#include <gtest/gtest.h>

#include <filesystem>

#include "gui/model/ask/path/trace_path.h"
#include "gui/model/load/open_file.h"
#include "tests/gui/model/trace_maker.h"

namespace orrery::gui {
namespace {

using Point = interop::TraceFlowPoint::Kind;

std::vector<std::string> names_of(const TraceModel& model, std::vector<EventRef> events) {
  std::sort(events.begin(), events.end(),
            [&](EventRef a, EventRef b) { return model.range(a).begin < model.range(b).begin; });
  std::vector<std::string> names;
  for (const EventRef event : events) names.push_back(model.name(event));
  return names;
}

using Names = std::vector<std::string>;

// A launch that comes late holds its kernel up; a kernel in a queue waits for the one before it.
TEST(PathOfAProfile, GoesByLaunchesAndStreams) {
  TraceMaker maker;
  const auto host = maker.track(maker.process("python"), "thread 1"),
             gpu = maker.track(maker.process("GPU 0"), "stream 7");
  const auto launch = [&](std::uint64_t id, std::int64_t at, std::int64_t kernel_at, std::int64_t kernel,
                          const std::string& name) {
    maker.slice(host, at, 4, "launch " + name, "cuda_runtime");
    maker.slice(gpu, kernel_at, kernel, name, "kernel");
    maker.flow(id, Point::start, host, at + 1);
    maker.flow(id, Point::end, gpu, kernel_at);
  };
  launch(1, 0, 10, 50, "a");     // its launch is what it waits for
  launch(2, 5, 60, 40, "b");     // queued behind a
  launch(3, 200, 210, 30, "c");  // the GPU waits for the host
  maker.slice(host, 120, 70, "python code", "python_function");
  const auto model = maker.finish();
  EXPECT_EQ(names_of(*model, find_path(*model).events), (Names{"launch a", "launch b", "python code", "launch c", "c"}))
      << "the host worked on while a and b ran";
}

// Who waits for the GPU goes on when its last kernel is over.
TEST(PathOfAProfile, GoesThroughSynchronisationToTheGpu) {
  TraceMaker maker;
  const auto host = maker.track(maker.process("python"), "thread 1"),
             gpu = maker.track(maker.process("GPU 0"), "stream 7");
  maker.slice(host, 0, 4, "launch", "cuda_runtime", {{"correlation", std::int64_t{9}}});
  maker.slice(gpu, 10, 90, "kernel", "kernel", {{"correlation", std::int64_t{9}}});
  maker.slice(host, 20, 85, "cudaDeviceSynchronize", "cuda_runtime");
  maker.slice(host, 110, 10, "print", "cpu_op");
  maker.slice(host, 6, 10, "beside", "cpu_op");
  const auto model = maker.finish();
  EXPECT_EQ(names_of(*model, find_path(*model).events), (Names{"launch", "kernel", "cudaDeviceSynchronize", "print"}));
}

// A call lasts because of what it calls, and of itself between two of those.
TEST(PathOfAProfile, GoesIntoCalls) {
  TraceMaker maker;
  const auto host = maker.track(maker.process("python"), "thread 1"),
             other = maker.track(maker.process("python"), "thread 2");
  maker.slice(host, 0, 100, "outer", "cpu_op");
  maker.slice(host, 10, 30, "first", "cpu_op");
  maker.slice(host, 50, 40, "second", "cpu_op");
  maker.slice(host, 60, 10, "inner", "cpu_op");
  maker.slice(other, 120, 30, "backward", "cpu_op");
  maker.slice(other, 0, 2, "long ago", "cpu_op");
  maker.flow(1, Point::start, host, 55);
  maker.flow(1, Point::end, other, 125);
  const auto model = maker.finish();
  const Names names = names_of(*model, find_path(*model).events);
  EXPECT_EQ(names, (Names{"outer", "first", "second", "inner", "backward"}));
}

TEST(PathOfAProfile, IsNotGuessed) {
  TraceMaker maker;
  maker.slice(maker.track(maker.process("python"), "thread 1"), 0, 5, "work", "cpu_op");
  const auto model = maker.finish();
  const TracePath path = find_path(*model);
  EXPECT_TRUE(path.events.empty());
  EXPECT_NE(path.why_not.find("no arrows"), std::string::npos);
  EXPECT_FALSE(find_path(TraceModel()).why_not.empty());
}

// A collective began when the last of its ranks had come.
TEST(PathOfARun, LeadsToTheRankThatCameLast) {
  TraceMaker maker;
  std::array<std::uint32_t, 2> compute{}, tp{};
  for (std::uint32_t r = 0; r < 2; ++r) {
    const auto rank = maker.process("rank " + std::to_string(r), "", r);
    const auto schedule = maker.track(rank, "schedule");
    compute[r] = maker.track(rank, "compute"), tp[r] = maker.track(rank, "tp");
    maker.slice(schedule, 0, 100, "F0", "schedule");
  }
  maker.slice(compute[0], 0, 20, "quick");
  maker.slice(compute[1], 0, 60, "slow");
  maker.slice(tp[0], 20, 60, "all-reduce", "tp", {{"bytes", std::int64_t{8}}});
  maker.slice(tp[1], 60, 20, "all-reduce", "tp", {{"bytes", std::int64_t{8}}});
  maker.slice(compute[0], 80, 20, "next");
  const auto model = maker.finish();
  const TracePath path = find_path(*model);
  EXPECT_EQ(names_of(*model, path.events), (Names{"slow", "all-reduce", "all-reduce", "next"}));
}

// Every profile at hand is walked to an end, and says why where it cannot be.
TEST(PathOfAProfile, OfPyTorchsOwn) {
  const std::string folder = std::string(ORRERY_SHARED_DATA) + "/interop/kineto/";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no " << folder;
  for (const auto& [name, least] :
       {std::pair("alexnet", 100), {"dlrm_sampled_rank0", 100}, {"cuda_event_sync", 10}, {"simple_add_kineto", 10}}) {
    OpenWatch watch;
    const auto opened = open_file(folder + name + ".json.gz", watch);
    ASSERT_TRUE(opened);
    const TracePath path = find_path(*opened->model);
    EXPECT_GT(path.events.size(), static_cast<std::size_t>(least)) << name << path.why_not;
    EXPECT_TRUE(find_path(*opened->model, [] { return false; }).events.size() <= path.events.size());
  }
}

}  // namespace
}  // namespace orrery::gui

// What our writers write, the readers read: the same slices, arrows and counters.
#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <cmath>

#include "interop/trace/write/output/tee.h"
#include "interop/trace/write/timeline.h"
#include "sim/engine/engine.h"
#include "sim/trace/critical_path.h"
#include "tests/interop/trace/read/recording.h"
#include "tests/interop/trace/small_run.h"

namespace orrery::interop {
namespace {

// Every transfer takes 7.0005 ns and shares nothing.
class LatencyPlanner : public sim::TransferPlanner {
 public:
  const sim::TransferPlan& plan(const sim::TransferRequest&) const override { return plan_; }
  std::string algorithm_name(std::uint32_t) const override { return "latency"; }

 private:
  sim::TransferPlan plan_{{{Duration::ps(7'000'500), Bytes{0}, {}, nullptr}}, 0, 0};
};

class RoundTrip : public testing::TestWithParam<const char*> {
 protected:
  RoundTrip() {
    run_.workload.planner = std::make_shared<LatencyPlanner>();
    run_.workload.steps = 3;
    path_ = folder_.file(std::string("run") + GetParam());
    auto writer = open_trace_writer(path_, run_.context()).value();
    sim::RunOptions options;
    options.trace = writer.get();
    EXPECT_FALSE(sim::run(run_.workload, options).stuck);
    EXPECT_TRUE(writer->close().empty());
    EXPECT_TRUE(read_trace(path_, told_).ok());
    std::sort(told_.slices.begin(), told_.slices.end());
  }
  bool in_nanoseconds() const { return std::string(GetParam()) == ".pftrace"; }

  SmallRun run_{2, "gemm \"qkv\" \x01 \xC3\xA9"};
  TemporaryFolder folder_;
  std::string path_;
  Recording told_;
};

// Remembers what the writers were given.
class Given final : public EventFormat {
 public:
  Given(std::vector<Recording::Slice>& slices, const NameTable& names) : slices_(slices), names_(names) {}
  void rank(std::uint32_t rank, std::string_view name, std::string_view,
            const std::vector<std::string>& tracks) override {
    if (ranks_.size() <= rank) ranks_.resize(rank + 1);
    ranks_[rank] = {std::string(name), tracks};
  }
  void slice(const Slice& s) override {
    std::string name(names_[s.name]);
    std::replace(name.begin(), name.end(), '\x01', ' ');
    slices_.push_back({ranks_[s.rank].first,
                       ranks_[s.rank].second[s.track],
                       name,
                       std::string(names_[s.category]),
                       s.start.count_ps(),
                       (s.end - s.start).count_ps(),
                       {}});
  }
  void memory(std::uint32_t, Time, std::span<const std::int64_t>, std::size_t) override {}
  void link(std::uint32_t, std::string_view, Time, BytesPerSecond) override {}
  Errors close() override { return {}; }

 private:
  std::vector<Recording::Slice>& slices_;
  const NameTable& names_;
  std::vector<std::pair<std::string, std::vector<std::string>>> ranks_;
};

TEST_P(RoundTrip, HasTheSameSlices) {
  std::vector<Recording::Slice> given;
  Timeline timeline(run_.context(), {0, 1, 2, 3});
  timeline.write_to(std::make_unique<Given>(given, timeline.names()));
  sim::RunOptions options;
  options.trace = &timeline;
  sim::run(run_.workload, options);
  for (Recording::Slice& slice : given) {
    if (!in_nanoseconds()) continue;
    const std::int64_t end = (slice.start_ps + slice.duration_ps) / 1000 * 1000;
    slice.start_ps = slice.start_ps / 1000 * 1000;
    slice.duration_ps = end - slice.start_ps;
  }
  std::sort(given.begin(), given.end());
  for (Recording::Slice& slice : told_.slices) {
    EXPECT_FALSE(slice.arguments.at("step").empty());
    slice.arguments.clear();
  }
  EXPECT_GT(given.size(), 20u);
  EXPECT_EQ(told_.slices, given);
}

TEST_P(RoundTrip, HasTheSameRanksAndArguments) {
  ASSERT_EQ(told_.processes.size(), 4u);
  EXPECT_EQ(told_.processes[2].rank, 2u);
  EXPECT_EQ(told_.processes[2].labels, "stage 0");
  const auto send =
      std::find_if(told_.slices.begin(), told_.slices.end(), [](const auto& s) { return s.name == "send F3.0"; });
  ASSERT_NE(send, told_.slices.end());
  EXPECT_EQ(send->arguments.at("bytes"), "4096");
  EXPECT_EQ(send->arguments.at("transfer"), "point-to-point");
}

// Asked for, what sim::slack says stands with every op, and nothing else is changed.
TEST_P(RoundTrip, SaysTheSlackOfEveryOp) {
  TraceContext context = run_.context();
  context.slack = true;
  auto writer = open_trace_writer(path_, context).value();
  sim::Trace trace;
  TraceTee both({writer.get(), &trace});
  sim::RunOptions options;
  options.trace = &both;
  sim::run(run_.workload, options);
  EXPECT_TRUE(writer->close().empty());
  EXPECT_TRUE(writer->close().empty()) << "once is enough";
  Recording told;
  ASSERT_TRUE(read_trace(path_, told).ok());

  const std::string key = in_nanoseconds() ? "slack_ns" : "slack_us";
  std::vector<std::int64_t> said, known;
  for (Recording::Slice& slice : told.slices)
    if (const auto at = slice.arguments.find(key); at != slice.arguments.end()) {
      said.push_back(std::llround(std::stod(at->second) * (in_nanoseconds() ? 1e3 : 1e6)));
      slice.arguments.erase(at);
    }
  std::sort(told.slices.begin(), told.slices.end());
  EXPECT_EQ(told.slices, told_.slices);

  const std::vector<Duration> slack = sim::slack(run_.workload, trace);
  for (std::size_t i = 0; i < slack.size(); ++i)
    if (trace.spans()[i].end > trace.spans()[i].start)
      known.push_back(slack[i].count_ps() / (in_nanoseconds() ? 1'000 : 1) * (in_nanoseconds() ? 1'000 : 1));
  std::sort(said.begin(), said.end());
  std::sort(known.begin(), known.end());
  EXPECT_GT(known.size(), 20u);
  EXPECT_EQ(said, known);
}

// Of a run that was cut off nobody knows what would have had to wait.
TEST_P(RoundTrip, SaysNoSlackOfAnInterruptedRun) {
  TraceContext context = run_.context();
  context.slack = true;
  sim::Trace trace;
  sim::RunOptions options;
  options.trace = &trace;
  sim::run(run_.workload, options);
  for (const std::size_t told_of : {trace.spans().size() / 3, std::size_t{0}}) {
    auto writer = open_trace_writer(path_, context).value();
    for (std::size_t i = 0; i < told_of; ++i) writer->span(trace.spans()[i]);
    writer.reset();  // without close(), as when a run ends in the middle
    Recording told;
    const bool read = read_trace(path_, told).ok();
    EXPECT_TRUE(read || told_of == 0);
    EXPECT_EQ(told.slices.empty(), told_of == 0);
    for (const Recording::Slice& slice : told.slices)
      EXPECT_FALSE(slice.arguments.contains("slack_ns") || slice.arguments.contains("slack_us"));
  }
}

// Each arrow starts at a send and ends at the receive of the rank it goes to.
TEST_P(RoundTrip, HasTheSameArrows) {
  std::map<std::uint64_t, std::pair<std::string, std::string>> arrows;
  for (const TraceFlowPoint& point : told_.flows)
    (point.kind == TraceFlowPoint::Kind::start ? arrows[point.id].first : arrows[point.id].second) =
        told_.slice_of(point);
  EXPECT_EQ(arrows.size(), 2u * 3u);
  for (const auto& [id, ends] : arrows) {
    const bool first = ends.first.starts_with("rank 0");
    EXPECT_EQ(ends.first, first ? "rank 0/pp/send F3.0" : "rank 2/pp/send F3.0");
    EXPECT_EQ(ends.second, first ? "rank 1/pp/recv F3.0" : "rank 3/pp/recv F3.0");
  }
}

TEST_P(RoundTrip, HasTheSameCounters) {
  std::vector<Recording::Count> activations;
  for (const auto& count : told_.counts)
    if (count.process == "rank 0" && count.series == "activations") activations.push_back(count);
  ASSERT_EQ(activations.size(), 2u * 3u);  // up and down, three steps
  EXPECT_EQ(activations[0].name, "memory");
  EXPECT_EQ(activations[0].unit, "bytes");
  EXPECT_EQ(activations[0].value, 1000);
  EXPECT_EQ(activations[1].value, 0);
  EXPECT_EQ(activations[1].when_ps - activations[0].when_ps, 10'000);  // while the kernel runs
}

INSTANTIATE_TEST_SUITE_P(Formats, RoundTrip, testing::Values(".json", ".json.gz", ".pftrace"), [](const auto& format) {
  return std::string(format.param + 1).substr(0, 4) + std::to_string(format.index);
});

}  // namespace
}  // namespace orrery::interop

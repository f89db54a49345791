#include "interop/trace/write/output/chrome.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <map>
#include <nlohmann/json.hpp>

#include "tests/interop/trace/small_run.h"

namespace orrery::interop {
namespace {

using Json = nlohmann::json;

class Chrome : public testing::Test {
 protected:
  // The events of a run, by phase.
  std::map<std::string, std::vector<Json>> events(const TraceContext& context,
                                                  const std::function<void(TraceWriter&)>& run) {
    const std::string path = folder_.file("trace.json");
    auto writer = open_trace_writer(path, context).value();
    run(*writer);
    EXPECT_TRUE(writer->close().empty());
    std::map<std::string, std::vector<Json>> by_phase;
    const Json document = Json::parse(read_file(path));
    for (const Json& event : document["traceEvents"]) by_phase[event["ph"]].push_back(event);
    return by_phase;
  }
  std::map<std::string, std::vector<Json>> events(const SmallRun& run, const TraceFilter& filter = {}) {
    return events(run.context(filter), [](TraceWriter& writer) { SmallRun::tell(writer); });
  }

  TemporaryFolder folder_;
};

std::vector<std::string> names(const std::vector<Json>& events) {
  std::vector<std::string> names;
  for (const Json& event : events) names.push_back(event["name"]);
  return names;
}

TEST_F(Chrome, RanksAreProcessesAndStreamsAreThreadsInTheirOrder) {
  std::map<std::pair<int, int>, Json> threads, order;
  std::map<int, Json> processes;
  auto by_phase = events(SmallRun());
  for (const Json& event : by_phase["M"]) {
    const std::pair key{event["pid"].get<int>(), event["tid"].get<int>()};
    if (event["name"] == "process_name") processes[key.first] = event["args"]["name"];
    if (event["name"] == "thread_name") threads[key] = event["args"]["name"];
    if (event["name"] == "thread_sort_index") order[key] = event["args"]["sort_index"];
  }
  EXPECT_EQ(processes[0], "rank 0");
  EXPECT_EQ(processes[1], "rank 1");
  EXPECT_EQ(threads[std::pair(0, 0)], "schedule");
  EXPECT_EQ(threads[std::pair(0, 1)], "compute");
  EXPECT_EQ(threads[std::pair(1, 2)], "pp");
  EXPECT_LT(order[std::pair(1, 1)], order[std::pair(1, 2)]);
}

TEST_F(Chrome, SlicesCarryWhatTheProgramSays) {
  std::map<std::string, Json> slices;
  auto by_phase = events(SmallRun());
  for (const Json& event : by_phase["X"])
    slices[event["name"].get<std::string>() + " of " + event["pid"].dump()] = event;
  ASSERT_EQ(slices.size(), 5u);  // two kernels, a send, a receive and the action; nothing for markers and allocations

  const Json& gemm = slices["gemm qkv of 0"];
  EXPECT_EQ(gemm["cat"], "compute");
  EXPECT_EQ(gemm["tid"], 1);
  EXPECT_EQ(gemm["ts"], 0.01);  // microseconds
  EXPECT_EQ(gemm["dur"], 0.01);
  EXPECT_EQ(gemm["args"]["step"], 1);
  EXPECT_EQ(gemm["args"]["action"], "F");
  EXPECT_EQ(gemm["args"]["micro_batch"], 3);
  EXPECT_EQ(gemm["args"]["chunk"], 0);
  EXPECT_FALSE(slices["gemm qkv of 1"]["args"].contains("action"));  // outside any action
  EXPECT_EQ(slices["gemm qkv of 1"]["dur"], 0.0105);                 // picoseconds are not lost

  const Json& send = slices["send F3.0 of 0"];
  EXPECT_EQ(send["args"]["bytes"], 4096);
  EXPECT_EQ(send["args"]["transfer"], to_string(sim::TransferKind::point_to_point));
  EXPECT_EQ(send["args"]["waited_us"], 0.01);
  EXPECT_EQ(slices["F3.0 of 0"]["tid"], 0);
  EXPECT_EQ(slices["F3.0 of 0"]["dur"], 0.01);
}

TEST_F(Chrome, MemoryIsCountedByCause) {
  const auto counters = events(SmallRun())["C"];
  ASSERT_EQ(counters.size(), 2u);
  EXPECT_EQ(counters[0]["ts"], 0.01);
  EXPECT_EQ(counters[0]["args"], (Json{{"parameters", 0}, {"activations", 1000}}));
  EXPECT_EQ(counters[1]["ts"], 0.02);
  EXPECT_EQ(counters[1]["args"], (Json{{"parameters", 0}, {"activations", 0}}));
}

// A coalesced run is told of at its end: the main stream's allocation at 5 comes
// after the other stream's at 8, and still counts first.
TEST_F(Chrome, MemoryIsCountedInOrderOfTimeAcrossStreams) {
  sim::Workload workload = SmallRun().workload;
  sim::ProgramBuilder builder("both streams allocate");
  for (const char* name : {"compute", "comm"}) {
    const auto stream = builder.add_stream(name);
    builder.allocate(stream, builder.buffer(Bytes{stream == 0 ? 100 : 10}, 1, builder.label(name)));
  }
  workload.programs[workload.program_of[RankId{0}]] = std::move(builder).finish();
  const auto counters = events({&workload, nullptr, {}}, [](TraceWriter& writer) {
    writer.span({{0}, 1, 0, 0, at_ns(8), at_ns(8), at_ns(8)});
    writer.span({{0}, 0, 0, 0, at_ns(5), at_ns(5), at_ns(5)});
  })["C"];
  ASSERT_EQ(counters.size(), 2u);
  EXPECT_EQ(counters[0]["args"]["activations"], 100);
  EXPECT_EQ(counters[1]["args"]["activations"], 110);
}

TEST_F(Chrome, LinkLoadIsCounted) {
  const SmallRun run;
  const auto counters = events(run.context(), [](TraceWriter& writer) {
    writer.link({{1}, at_ns(5), BytesPerSecond{50'000'000'000}});
    writer.link({{1}, at_ns(7), BytesPerSecond{0}});
  })["C"];
  ASSERT_EQ(counters.size(), 2u);
  EXPECT_EQ(counters[0]["name"], "nic link 1");
  EXPECT_EQ(counters[0]["args"]["B/s"], 50'000'000'000);
  EXPECT_EQ(counters[1]["args"]["B/s"], 0);

  TraceFilter without;
  without.links = false;
  EXPECT_TRUE(events(run.context(without),
                     [](TraceWriter& writer) {
                       writer.link({{1}, at_ns(5), {1}});
                     })["C"]
                  .empty());
}

// All transfers between 0 and 1 load link 1, all others link 0.
class PairPlanner : public sim::TransferPlanner {
 public:
  const sim::TransferPlan& plan(const sim::TransferRequest& request) const override {
    return request.ranks[0].value == 0 ? first_ : others_;
  }
  std::string algorithm_name(std::uint32_t) const override { return "direct"; }

 private:
  static sim::TransferPlan over(std::uint32_t link) {
    return {{{Duration(), Bytes{1}, {}, std::make_shared<sim::LinkUses>(sim::LinkUses{{{link}, 1}})}}, 0, 0};
  }
  sim::TransferPlan first_ = over(1), others_ = over(0);
};

TEST_F(Chrome, ChosenRanksBringTheLinksThatTheyUse) {
  SmallRun run(2);
  run.workload.planner = std::make_shared<PairPlanner>();
  const auto links_of = [&](const std::vector<RankRange>& ranks) {
    TraceFilter filter;
    filter.ranks = ranks;
    return names(events(run.context(filter), [](TraceWriter& writer) {
      for (std::uint32_t link : {0u, 1u}) writer.link({{link}, at_ns(5), BytesPerSecond{1}});
    })["C"]);
  };
  EXPECT_EQ(links_of({{1, 1}}), std::vector<std::string>{"nic link 1"});
  EXPECT_EQ(links_of({{2, 2}}), std::vector<std::string>{"nvlink link 0"});
  EXPECT_EQ(links_of({}).size(), 2u);
}

// A fused send-receive pair runs side by side: two rows, so that nothing overlaps
// and each arrow has its own slice.
TEST_F(Chrome, GroupedTransfersHaveRowsOfTheirOwn) {
  sim::Workload workload = SmallRun().workload;
  sim::ProgramBuilder builder("fused");
  builder.add_stream("compute");
  const auto pp = builder.add_stream("pp");
  builder.send(pp, {sim::TransferKind::point_to_point, 0, 7, Bytes{1}}, 1, builder.label("send"), true);
  builder.receive(pp, {sim::TransferKind::point_to_point, 0, 8, Bytes{1}}, 1, builder.label("recv"));
  builder.send(pp, {sim::TransferKind::point_to_point, 0, 7, Bytes{1}}, 1, builder.label("alone"));
  workload.programs[workload.program_of[RankId{0}]] = std::move(builder).finish();
  auto by_phase = events({&workload, nullptr, {}}, [](TraceWriter& writer) {
    writer.span({{0}, 1, 0, 0, at_ns(0), at_ns(1), at_ns(9)});
    writer.span({{0}, 1, 0, 1, at_ns(0), at_ns(5), at_ns(9)});
    writer.span({{0}, 1, 0, 2, at_ns(9), at_ns(9), at_ns(12)});
  });
  std::map<std::string, int> row;
  for (const Json& event : by_phase["X"]) row[event["name"]] = event["tid"];
  EXPECT_EQ(row, (std::map<std::string, int>{{"send", 2}, {"recv", 3}, {"alone", 2}}));
  EXPECT_EQ(by_phase["s"].size(), 2u);
  EXPECT_EQ(by_phase["f"].front()["tid"], 3);
}

// Every send's arrow ends at its receive: same id, the start inside the send's
// slice, the end inside the receive's, not before the start.
TEST_F(Chrome, FlowsJoinSendsWithTheirReceives) {
  const SmallRun run(3);
  auto by_phase = events(run.context(), [](TraceWriter& writer) {
    for (std::uint16_t step = 0; step < 4; ++step)
      for (std::uint32_t pair = 0; pair < 3; ++pair) SmallRun::tell(writer, 2 * pair, 2 * pair + 1, 100 * step, step);
  });
  std::map<std::string, Json> starts;
  for (const Json& event : by_phase["s"]) EXPECT_TRUE(starts.emplace(event["id"], event).second);
  EXPECT_EQ(starts.size(), 12u);
  EXPECT_EQ(by_phase["f"].size(), 12u);
  for (const Json& end : by_phase["f"]) {
    ASSERT_TRUE(starts.contains(end["id"]));
    const Json& start = starts[end["id"]];
    EXPECT_EQ(start["pid"].get<int>() + 1, end["pid"].get<int>());
    EXPECT_EQ(start["tid"], 2);
    EXPECT_EQ(end["bp"], "e");
    EXPECT_LE(start["ts"], end["ts"]);
    EXPECT_LT(end["ts"].get<double>() - start["ts"].get<double>(), 0.01);  // of the same step
  }
}

TEST_F(Chrome, NoArrowToARankThatIsNotShown) {
  TraceFilter filter;
  filter.ranks = {{0, 0}};
  auto by_phase = events(SmallRun(), filter);
  EXPECT_EQ(by_phase["X"].size(), 3u);
  EXPECT_TRUE(by_phase["s"].empty() && by_phase["f"].empty());
}

TEST_F(Chrome, OnlyRanksThatWereAskedFor) {
  const SmallRun run(4);
  TraceFilter filter;
  filter.ranks = {{0, 1}, {6, 6}};
  const auto writer = open_trace_writer(folder_.file("some.json"), run.context(filter)).value();
  for (std::uint32_t rank = 0; rank < 8; ++rank) EXPECT_EQ(writer->wants({rank}), rank <= 1 || rank == 6) << rank;
  EXPECT_FALSE(writer->wants({8}));
}

// [25, 45): the first gemm ends before it; the send reaches in, as do the receive and the gemm after it.
TEST_F(Chrome, OnlyWhatReachesIntoTheTimeAskedFor) {
  TraceFilter filter;
  filter.from = at_ns(25), filter.to = at_ns(45);
  auto by_phase = events(SmallRun(), filter);
  EXPECT_EQ(names(by_phase["X"]), (std::vector<std::string>{"send F3.0", "recv F3.0", "gemm qkv"}));
  EXPECT_EQ(by_phase["s"].size(), 1u);
  EXPECT_EQ(by_phase["f"].size(), 1u);

  filter.to = at_ns(30);  // the send has begun, the transfer has not: no arrow that leads nowhere
  by_phase = events(SmallRun(), filter);
  EXPECT_EQ(names(by_phase["X"]), std::vector<std::string>{"send F3.0"});
  EXPECT_TRUE(by_phase["s"].empty());
}

// What was allocated before the window is held when it opens.
TEST_F(Chrome, CountersKnowWhatHappenedBeforeTheWindow) {
  TraceFilter filter;
  filter.from = at_ns(15);
  const auto counters = events(SmallRun(), filter)["C"];
  ASSERT_FALSE(counters.empty());
  EXPECT_EQ(counters.front()["ts"], 0.015);
  EXPECT_EQ(counters.front()["args"]["activations"], 1000);
  EXPECT_EQ(counters.back()["ts"], 0.02);
  EXPECT_EQ(counters.back()["args"]["activations"], 0);
}

// Four pairs folded into one: what class 0 did is written under the name of every
// rank that was asked for, and arrows run within each pair.
TEST_F(Chrome, FoldedRanksAreWrittenUnderTheirOwnNames) {
  const SmallRun full(4);
  sim::Folded folded;
  folded.workload = SmallRun(1).workload;
  for (std::uint32_t rank = 0; rank < 8; ++rank) folded.class_of.add({rank % 2});
  folded.representative.add({0});
  folded.representative.add({1});

  TraceContext context{&full.workload, &folded, {}};
  const auto tell = [](TraceWriter& writer) { SmallRun::tell(writer); };
  EXPECT_EQ(events(context, tell)["X"].size(), 5u);  // unasked: one rank of every class

  context.filter.ranks = {{2, 5}};
  auto by_phase = events(context, tell);
  std::map<int, int> slices;
  for (const Json& event : by_phase["X"]) ++slices[event["pid"]];
  EXPECT_EQ(slices, (std::map<int, int>{{2, 3}, {3, 2}, {4, 3}, {5, 2}}));
  std::map<std::string, int> start_of;
  for (const Json& event : by_phase["s"]) start_of[event["id"]] = event["pid"];
  EXPECT_EQ(start_of.size(), 2u);
  for (const Json& event : by_phase["f"]) EXPECT_EQ(start_of.at(event["id"]) + 1, event["pid"]);
}

TEST_F(Chrome, NamesMayHoldAnything) {
  const std::string name =
      "a \"quote\", a \\, a\ttab, a\nline, \x01, \x7f, gr\xC3\xBC\xC3\x9F"
      "e";
  const auto slices = events(SmallRun(1, name))["X"];
  EXPECT_EQ(std::count_if(slices.begin(), slices.end(), [&](const Json& s) { return s["name"] == name; }), 2);
}

TEST(JsonString, ReplacesWhatIsNotUtf8) {
  EXPECT_EQ(json_string("a\xFFz"), "\"a\xEF\xBF\xBDz\"");
  EXPECT_EQ(json_string("\xC3"), "\"\xEF\xBF\xBD\"");                                  // cut off
  EXPECT_EQ(json_string("\xED\xA0\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");  // a surrogate
  EXPECT_EQ(json_string("\xF0\x9F\x94\xAD"), "\"\xF0\x9F\x94\xAD\"");                  // a telescope
  EXPECT_EQ(json_string(std::string_view("\0", 1)), "\"\\u0000\"");
  EXPECT_TRUE(Json::accept(json_string("\xC0\xAF\xE0\x80\x80\xF4\x90\x80\x80\xF8")));
}

std::string gunzip(const std::string& path) {
  std::string text(1 << 20, '\0');
  gzFile file = gzopen(path.c_str(), "rb");
  text.resize(static_cast<std::size_t>(gzread(file, text.data(), static_cast<unsigned>(text.size()))));
  gzclose(file);
  return text;
}

TEST_F(Chrome, GzipHoldsTheSameText) {
  for (const char* name : {"a.json", "a.json.gz"}) {
    const SmallRun run;
    auto writer = open_trace_writer(folder_.file(name), run.context()).value();
    SmallRun::tell(*writer);
    EXPECT_TRUE(writer->close().empty());
  }
  EXPECT_EQ(read_file(folder_.file("a.json.gz")).substr(0, 2), "\x1f\x8b");
  EXPECT_EQ(gunzip(folder_.file("a.json.gz")), read_file(folder_.file("a.json")));
}

// An interrupted run keeps what it had: a document that parses.
TEST_F(Chrome, AWriterThatIsDroppedStillEndsItsFile) {
  const SmallRun run;
  {
    auto writer = open_trace_writer(folder_.file("b.json"), run.context()).value();
    SmallRun::tell(*writer);
  }
  EXPECT_TRUE(Json::accept(read_file(folder_.file("b.json"))));
}

}  // namespace
}  // namespace orrery::interop

// Chrome traces as people have them: ours, others', broken ones.
#include <gtest/gtest.h>

#include "interop/trace/read/chrome/event.h"
#include "tests/interop/trace/read/recording.h"

namespace orrery::interop {
namespace {

struct Read {
  explicit Read(std::string_view bytes, const TraceReadOptions& options = {}) {
    auto result = read_bytes(bytes, told, options);
    EXPECT_TRUE(result.ok()) << (result.ok() ? "" : result.errors().front().what);
    if (result) summary = *result;
  }
  std::vector<std::string> slice_names() const {
    std::vector<std::string> names;
    for (const auto& slice : told.slices) names.push_back(slice.name);
    return names;
  }
  Recording told;
  TraceSummary summary;
};

using Names = std::vector<std::string>;

TEST(Microseconds, AreExactToThePicosecond) {
  EXPECT_EQ(*parse_microseconds("1487564.482099"), 1'487'564'482'099);
  EXPECT_EQ(*parse_microseconds("-0.000001"), -1);
  EXPECT_EQ(*parse_microseconds("12"), 12'000'000);
  EXPECT_EQ(*parse_microseconds("1.5e3"), 1'500'000'000);
  EXPECT_EQ(*parse_microseconds("25e-7"), 3);  // rounded
  EXPECT_EQ(*parse_microseconds("1682725898236567.25"), ClockTime{1'682'725'898'236'567'250} * 1000);
  for (const char* wrong : {"", "-", "x", "1x", "NaN", "1e999", "1e", "99999999999999999999999999999999999999999"})
    EXPECT_FALSE(parse_microseconds(wrong)) << wrong;
}

TEST(ChromeReader, TakesAnObjectAListAndAListThatNobodyClosed) {
  const std::string event = R"({"ph":"X","pid":1,"tid":2,"ts":3,"dur":4,"name":"a","cat":"b"})";
  for (const std::string& text :
       {"{\"other\":{\"x\":[1,\"}\"]},\"traceEvents\":[" + event + "],\"later\":1}", "[" + event + "]",
        "[" + event + ",", "[\n" + event + ",\n", "\xEF\xBB\xBF [" + event + "]"}) {
    const Read read(text);
    ASSERT_EQ(read.told.slices.size(), 1u) << text;
    EXPECT_EQ(read.told.slices[0].start_ps, 3'000'000);
    EXPECT_EQ(read.told.slices[0].duration_ps, 4'000'000);
    EXPECT_EQ(read.told.slices[0].category, "b");
    EXPECT_EQ(read.summary.skipped, 0u) << text;
  }
}

TEST(ChromeReader, PairsBeginsAndEndsAndJoinsTheirArguments) {
  const Read read(R"([
    {"ph":"B","pid":0,"tid":0,"ts":"1","name":"outer","args":{"a":1}},
    {"ph":"B","pid":0,"tid":0,"ts":2,"name":"inner"},
    {"ph":"B","pid":0,"tid":9,"ts":2,"name":"elsewhere"},
    {"ph":"E","pid":0,"tid":0,"ts":3},
    {"ph":"E","pid":0,"tid":0,"ts":5,"args":{"b":[1,{"c":"d"}]}},
    {"ph":"E","pid":0,"tid":0,"ts":6},
    {"ph":"i","pid":0,"tid":0,"ts":8,"name":"mark"}])");
  EXPECT_EQ(read.slice_names(), (Names{"inner", "outer", "elsewhere"}));
  EXPECT_EQ(read.told.slices[1].duration_ps, 4'000'000);
  EXPECT_EQ(read.told.slices[1].arguments.at("a"), "1");
  EXPECT_EQ(read.told.slices[1].arguments.at("b"), R"([1,{"c":"d"}])");
  // What nobody closed ends with the trace; an end without a begin is left out.
  EXPECT_EQ(read.told.slices[2].duration_ps, 6'000'000);
  EXPECT_EQ(read.told.reasons, (Names{"it ends a slice that did not begin"}));
  EXPECT_EQ(read.told.instants.size(), 1u);
}

// Threads flush their buffers when they like; begins and ends are paired by time.
TEST(ChromeReader, PairsBeginsAndEndsThatAreOutOfOrder) {
  const Read read(R"([
    {"ph":"E","pid":0,"tid":0,"ts":9},
    {"ph":"E","pid":0,"tid":0,"ts":3},
    {"ph":"B","pid":0,"tid":0,"ts":2,"name":"inner"},
    {"ph":"B","pid":0,"tid":0,"ts":1,"name":"outer","args":{"a":"b"}}])");
  EXPECT_EQ(read.slice_names(), (Names{"inner", "outer"}));
  EXPECT_EQ(read.told.slices[1].duration_ps, 8'000'000);
  EXPECT_EQ(read.told.slices[1].arguments.at("a"), "b");
  EXPECT_EQ(read.summary.skipped, 0u);
}

// More of them than wait at once, each out of its place by a few.
TEST(ChromeReader, PairsMoreThanItKeeps) {
  std::string text = "[";
  constexpr int kPairs = 50'000;
  for (int i = 0; i < kPairs; i += 2)
    for (const int j : {i + 1, i})
      text += R"({"ph":"E","pid":0,"tid":0,"ts":)" + std::to_string(10 * j + 5) +
              R"(},{"ph":"B","pid":0,"tid":0,"ts":)" + std::to_string(10 * j) + R"(,"name":"n"},)";
  const Read read(text);
  EXPECT_EQ(read.summary.skipped, 0u);
  ASSERT_EQ(read.told.slices.size(), static_cast<std::size_t>(kPairs));
  for (const auto& slice : read.told.slices) ASSERT_EQ(slice.duration_ps, 5'000'000);
}

TEST(ChromeReader, ReadsNamesThatComeLate) {
  const Read read(R"([
    {"ph":"X","pid":"GPU","tid":"stream 7","ts":1,"dur":1,"name":"k"},
    {"ph":"M","pid":"GPU","tid":0,"name":"process_name","args":{"name":"rank 17"}},
    {"ph":"M","pid":"GPU","tid":0,"name":"process_sort_index","args":{"sort_index":5}},
    {"ph":"M","pid":"GPU","tid":"stream 7","name":"thread_name","args":{"name":"compute"}}])");
  EXPECT_EQ(read.told.processes[0].name, "rank 17");
  EXPECT_EQ(read.told.processes[0].rank, 17u);
  EXPECT_EQ(read.told.processes[0].sort_index, 5);
  EXPECT_EQ(read.told.tracks[0].name, "compute");
}

TEST(ChromeReader, CountersHaveASeriesForEveryNumber) {
  const Read read(R"json([
    {"ph":"C","pid":0,"ts":1,"name":"memory (bytes)","args":{"parameters":7,"gradients":1.5}},
    {"ph":"C","pid":0,"ts":2,"name":"nic","args":{"B/s":3}}])json");
  ASSERT_EQ(read.told.counts.size(), 3u);
  EXPECT_EQ(read.told.counts[0], (Recording::Count{"", "memory", "parameters", "bytes", 1'000'000, 7}));
  EXPECT_EQ(read.told.counts[1], (Recording::Count{"", "memory", "gradients", "bytes", 1'000'000, 1.5}));
  EXPECT_EQ(read.told.counts[2], (Recording::Count{"", "nic", "", "B/s", 2'000'000, 3}));
}

// Kinds of arrows share numbers (ac2g and fwdbwd of Kineto do), so an id counts within its kind.
TEST(ChromeReader, ArrowsMeetByKindAndId) {
  const Read read(R"([
    {"ph":"X","pid":0,"tid":0,"ts":10,"dur":4,"name":"launch"},
    {"ph":"X","pid":0,"tid":1,"ts":20,"dur":4,"name":"kernel"},
    {"ph":"s","pid":0,"tid":0,"ts":12,"id":5,"cat":"ac2g","name":"ac2g"},
    {"ph":"f","pid":0,"tid":1,"ts":20,"id":5,"cat":"ac2g","name":"ac2g","bp":"e"},
    {"ph":"f","pid":0,"tid":1,"ts":18,"id":5,"cat":"fwdbwd","name":"fwdbwd"}])");
  ASSERT_EQ(read.told.flows.size(), 3u);
  EXPECT_EQ(read.told.flows[0].id, read.told.flows[1].id);
  EXPECT_NE(read.told.flows[0].id, read.told.flows[2].id);
  EXPECT_EQ(read.told.slice_of(read.told.flows[0]), "//launch");
  EXPECT_EQ(read.told.slice_of(read.told.flows[1]), "//kernel");
  EXPECT_EQ(read.told.slice_of(read.told.flows[2]), "//kernel");  // the next to begin
}

TEST(ChromeReader, AsyncSlicesHaveARowForTheirCategory) {
  const Read read(R"([
    {"ph":"b","pid":0,"tid":1,"ts":1,"id":"0x1","cat":"net","name":"a"},
    {"ph":"b","pid":0,"tid":2,"ts":2,"id2":{"local":"0x2"},"cat":"net","name":"b"},
    {"ph":"e","pid":0,"tid":3,"ts":3,"id":"0x1","cat":"net","name":"a"},
    {"ph":"e","pid":0,"tid":3,"ts":5,"id2":{"local":"0x2"},"cat":"net","name":"b"}])");
  EXPECT_EQ(read.slice_names(), (Names{"a", "b"}));
  EXPECT_EQ(read.told.slices[0].track, "async net");
  EXPECT_EQ(read.told.slices[1].duration_ps, 3'000'000);
}

// Microseconds since 1970 need 71 bits as picoseconds; the trace starts at its earliest event.
TEST(ChromeReader, ClocksOf1970StartAtTheEarliestEvent) {
  const Read read(R"([
    {"ph":"X","pid":0,"tid":0,"ts":1682725898236567.250,"dur":2,"name":"second"},
    {"ph":"X","pid":0,"tid":0,"ts":1682725898236560,"dur":1.5,"name":"first"},
    {"ph":"X","pid":0,"tid":0,"ts":1,"dur":1,"name":"broken clock"},
    {"ph":"X","pid":0,"tid":0,"ts":1682725898236600,"dur":-1,"name":"backwards"}])");
  EXPECT_EQ(read.told.zero_ns, 1'682'725'898'236'560'000);
  EXPECT_EQ(read.slice_names(), (Names{"second", "first"}));
  EXPECT_EQ(read.told.slices[0].start_ps, 7'250'000);
  EXPECT_EQ(read.told.slices[1].start_ps, 0);
  EXPECT_EQ(read.summary.skipped, 2u);
}

// A trace that begins within an hour of its clock's zero keeps its times.
TEST(ChromeReader, ClocksOfTheRunAreKept) {
  const Read read(R"([{"ph":"X","pid":0,"tid":0,"ts":31000000,"dur":2,"name":"late"}])");
  EXPECT_EQ(read.told.slices[0].start_ps, 31'000'000'000'000);
}

std::string with_between(const std::string& broken) {
  const auto good = [](const char* name) {
    return std::string(R"({"ph":"X","pid":0,"tid":0,"ts":1,"dur":1,"name":")") + name + "\"}";
  };
  return "{\"traceEvents\":[" + good("before") + ", " + broken + ", " + good("after") + "," + good("last") + "]}";
}

// One broken event costs itself and no other.
TEST(ChromeReader, GoesOnBehindABrokenEvent) {
  const std::string brackets(100'000, '[');
  const std::pair<const char*, std::string> cases[] = {
      {"a string that is not closed", R"({"ph":"X","name":"oops,"pid":0,"args":{"a":1}})"},
      {"a string that ends the event", R"({"ph":"X","pid":0,"name":"oops})"},
      {"a quote that is not escaped", R"({"ph":"X","ts":1,"name":"say "hi" to {all}"})"},
      {"no value", R"({"ph":"X","ts":,"name":"x"})"},
      {"not an event", "17"},
      {"nested too deep", R"({"ph":"X","ts":1,"args":{"x":)" + brackets + "}}"},
      {"no time", R"({"ph":"X","name":"x"})"},
      {"no phase", R"({"ts":1,"name":"x"})"},
      {"no number", R"({"ph":"X","ts":"soon","name":"x"})"},
      {"far away", R"({"ph":"X","ts":1e18,"dur":1,"name":"x"})"},
      {"longer than it could be", R"({"ph":"X","ts":1,"name":")" + std::string(5 << 20, 'x') + "\"}"},
  };
  for (const auto& [what, broken] : cases) {
    const Read read(with_between(broken));
    EXPECT_EQ(read.slice_names().front(), "before") << what;
    EXPECT_EQ(read.slice_names().back(), "last") << what;
    EXPECT_EQ(read.told.slices.size(), 3u) << what;
    EXPECT_GE(read.summary.skipped, 1u) << what;
    EXPECT_FALSE(read.summary.first_skipped.empty()) << what;
  }
}

// pytorch issue 130622: one control character made a trace of 300 MB unreadable.
TEST(ChromeReader, KeepsAnEventWithControlCharacters) {
  const Read read(with_between("{\"ph\":\"X\",\"pid\":0,\"tid\":0,\"ts\":1,\"dur\":1,\"name\":\"a\x01\nb\"}"));
  EXPECT_EQ(read.slice_names(), (Names{"before", "a  b", "after", "last"}));
  EXPECT_EQ(read.summary.skipped, 0u);
}

TEST(ChromeReader, MakesTextsUtf8) {
  const Read read(with_between("{\"ph\":\"X\",\"pid\":0,\"tid\":0,\"ts\":1,\"dur\":1,\"name\":\"\xFF\\u00e9\"}"));
  EXPECT_EQ(read.slice_names()[1], "\xEF\xBF\xBD\xC3\xA9");
}

TEST(ChromeReader, ReadsUpToWhereAFileWasCutOff) {
  const std::string whole = with_between(R"({"ph":"X","pid":0,"tid":0,"ts":1,"dur":1,"name":"middle"})");
  for (std::size_t length = 0; length < whole.size(); ++length) {
    Recording told;
    const auto read = read_bytes(std::string_view(whole).substr(0, length), told);
    EXPECT_LE(told.slices.size(), read ? 4u : 0u) << length;
  }
}

TEST(ChromeReader, SaysWhatIsNoTrace) {
  Recording told;
  for (const char* text : {"", "hello", "{}", "[]", "{\"step\":{\"time_s\":1}}", "\x1F\x8B zzz"}) {
    const auto read = read_bytes(text, told);
    ASSERT_FALSE(read.ok()) << text;
    EXPECT_NE(read.errors()[0].what.find("no trace"), std::string::npos) << text;
  }
  const auto execution = read_bytes(R"({"schema":"1.0.1","nodes":[{"name":"aten::empty","id":5}]})", told);
  ASSERT_FALSE(execution.ok());
  EXPECT_NE(execution.errors()[0].what.find("execution trace"), std::string::npos);
  const auto missing = read_trace("no-such-file.json", told);
  EXPECT_EQ(missing.errors()[0].fault, Fault::io);
}

TEST(ChromeReader, TellsOnlyTheRanksAndTheTimeAskedFor) {
  const std::string text = R"([
    {"ph":"M","pid":0,"tid":0,"name":"process_name","args":{"name":"rank 0"}},
    {"ph":"M","pid":1,"tid":0,"name":"process_name","args":{"name":"rank 1"}},
    {"ph":"X","pid":0,"tid":0,"ts":1,"dur":2,"name":"before"},
    {"ph":"X","pid":0,"tid":0,"ts":3,"dur":5,"name":"reaches in"},
    {"ph":"X","pid":1,"tid":0,"ts":5,"dur":1,"name":"another rank"},
    {"ph":"X","pid":0,"tid":0,"ts":9,"dur":1,"name":"after"},
    {"ph":"C","pid":0,"ts":1,"name":"m","args":{"x":4}},
    {"ph":"C","pid":0,"ts":2,"name":"m","args":{"x":5}},
    {"ph":"C","pid":0,"ts":1,"name":"limit","args":{"x":9}},
    {"ph":"C","pid":0,"ts":7,"name":"m","args":{"x":6}}])";
  TraceReadOptions options;
  options.ranks = {{0, 0}};
  options.from = Time::at(Duration::us(4));
  options.to = Time::at(Duration::us(9));
  const Read read(text, options);
  EXPECT_EQ(read.slice_names(), (Names{"reaches in"}));
  // A counter starts with what it stood at when the window opened.
  ASSERT_EQ(read.told.counts.size(), 3u);
  EXPECT_EQ(read.told.counts[0].when_ps, 4'000'000);
  EXPECT_EQ(read.told.counts[0].value, 5);
  // So does one that never changes within it.
  EXPECT_EQ(read.told.counts[2], (Recording::Count{"rank 0", "limit", "x", "", 4'000'000, 9}));
}

TEST(ChromeReader, EndsWhenItIsToldTo) {
  std::string text = "[";
  for (int i = 0; i < 100'000; ++i) text += R"({"ph":"X","pid":0,"tid":0,"ts":1,"dur":1,"name":"a"},)";
  Recording told;
  told.may_ask = 4;
  const auto read = read_bytes(text, told);
  ASSERT_TRUE(read.ok());
  EXPECT_TRUE(read->cancelled);
  EXPECT_LT(told.slices.size(), 50'000u);
}

// A file full of beginnings that are all read again and again would take hours.
TEST(ChromeReader, ReadsHostileTextInTimeThatGrowsWithItsLength) {
  std::string text = "[";
  for (int i = 0; i < 300'000; ++i) text += "{\"a\":{},{\"b\":";
  for (int i = 0; i < 300'000; ++i) text += "},{\"x\":{";
  Recording told;
  EXPECT_FALSE(read_bytes(text, told).ok());
}

}  // namespace
}  // namespace orrery::interop

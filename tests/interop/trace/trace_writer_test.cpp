#include "interop/trace/write/trace_writer.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include "interop/trace/write/output/tee.h"
#include "tests/interop/trace/small_run.h"

namespace orrery::interop {
namespace {

std::string first_error(const Errors& errors) {
  return errors.empty() ? "" : to_string(errors.front());
}

bool mentions(const std::string& text, std::initializer_list<const char*> parts) {
  return std::all_of(parts.begin(), parts.end(),
                     [&](const char* part) { return text.find(part) != std::string::npos; });
}

class TraceFile : public testing::Test {
 protected:
  Errors opening(const std::string& name, const TraceFilter& filter = {}) {
    const auto writer = open_trace_writer(folder_.file(name), run_.context(filter));
    return writer ? Errors{} : writer.errors();
  }

  SmallRun run_;
  TemporaryFolder folder_;
};

TEST_F(TraceFile, UnknownExtensionsAreToldTheThree) {
  for (const char* name : {"a.txt", "a", "a.json.zst", "json"})
    EXPECT_TRUE(mentions(first_error(opening(name)), {name, ".json", ".json.gz", ".pftrace"})) << name;
}

TEST_F(TraceFile, AFileThatCannotBeOpenedIsAFaultOfIo) {
  for (const char* name : {"no/such/folder/a.json", "no/a.json.gz", "no/a.pftrace"}) {
    const Errors errors = opening(name);
    ASSERT_EQ(errors.size(), 1u);
    EXPECT_EQ(errors.front().fault, Fault::io);
    EXPECT_TRUE(mentions(first_error(errors), {name, "No such file"}));
  }
}

TEST_F(TraceFile, AFullDiskIsToldAtTheEnd) {
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "no /dev/full on this system";
  for (const char* name : {"full.json", "full.json.gz", "full.pftrace"}) {
    std::filesystem::create_symlink("/dev/full", folder_.file(name));
    auto writer = open_trace_writer(folder_.file(name), run_.context()).value();
    for (int i = 0; i < 2'000; ++i) SmallRun::tell(*writer, 0, 1, 100 * i);
    const Errors errors = writer->close();
    ASSERT_EQ(errors.size(), 1u) << name;
    EXPECT_EQ(errors.front().fault, Fault::io);
    EXPECT_TRUE(mentions(first_error(errors), {name, "No space left"}));
  }
}

TEST_F(TraceFile, RanksThatTheJobDoesNotHave) {
  TraceFilter filter;
  filter.ranks = {{0, 1}, {2, 9}};
  EXPECT_TRUE(mentions(first_error(opening("a.json", filter)), {"rank 9", "0 to 1"}));
}

TEST_F(TraceFile, AnEmptyWindow) {
  TraceFilter filter;
  filter.from = filter.to = at_ns(5);
  EXPECT_TRUE(mentions(first_error(opening("a.json", filter)), {"--from", "empty"}));
}

TEST(RankRanges, AreListsOfRanksAndRanges) {
  EXPECT_EQ(parse_rank_ranges("0-7,64").value(), (std::vector<RankRange>{{0, 7}, {64, 64}}));
  EXPECT_EQ(parse_rank_ranges("3").value(), (std::vector<RankRange>{{3, 3}}));
  for (const char* text : {"", ",", "1,", "a", "1-", "-1", "7-0", "1-2-3", "1 ", "4294967296"})
    EXPECT_FALSE(parse_rank_ranges(text)) << text;
}

TEST(Tee, TellsEveryListenerWhatItWants) {
  const SmallRun run;
  TemporaryFolder folder;
  TraceFilter filter;
  filter.ranks = {{1, 1}};
  auto writer = open_trace_writer(folder.file("a.json"), run.context(filter)).value();
  sim::Trace memory;
  TraceTee tee({&memory, writer.get()});
  EXPECT_TRUE(tee.wants({0}));
  SmallRun::tell(tee);
  EXPECT_EQ(memory.spans().size(), 8u);
  EXPECT_TRUE(writer->close().empty());
}

std::int64_t peak_resident_kib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

// What a writer holds does not grow with the run: a million spans in a few MiB.
TEST_F(TraceFile, MemoryDoesNotGrowWithTheRun) {
  for (const char* name : {"null.json", "null.pftrace"}) {
    std::filesystem::create_symlink("/dev/null", folder_.file(name));
    auto writer = open_trace_writer(folder_.file(name), run_.context()).value();
    for (int i = 0; i < 1'000; ++i) SmallRun::tell(*writer, 0, 1, 100 * i);
    const std::int64_t before = peak_resident_kib();
    for (int i = 1'000; i < 125'000; ++i) SmallRun::tell(*writer, 0, 1, 100 * i);
    EXPECT_TRUE(writer->close().empty());
    EXPECT_LT(peak_resident_kib() - before, 8 * 1024) << name;
  }
}

}  // namespace
}  // namespace orrery::interop

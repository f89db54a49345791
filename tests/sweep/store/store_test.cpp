#include "sweep/store/store.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "sweep/crew/slurm.h"
#include "sweep/pool.h"
#include "sweep/store/merge.h"
#include "sweep/version.h"

namespace orrery::sweep {
namespace {

namespace fs = std::filesystem;

class Stores : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("orrery-store-" + std::to_string(::getpid()) + "-" +
                                           ::testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  fs::path folder_;
};

Meta meta(std::uint32_t shard = 0, std::uint32_t shards = 1) {
  Meta m;
  m.engine = "0.1.0";
  m.data = "d";
  m.sweep = "s";
  m.file = "s.yaml";
  m.points = 10;
  m.shard = shard;
  m.shards = shards;
  m.axes = {"layout.tp"};
  return m;
}

Row row(std::uint64_t index, Status status = Status::ok) {
  Row r;
  r.index = index;
  r.key = key_of(std::to_string(index));
  r.config = "{\"layout.tp\": " + std::to_string(index) + "}";
  r.outcome.status = status;
  if (status == Status::ok)
    r.outcome.step_time_s = 1.0 + static_cast<double>(index), r.outcome.gpus = 8, r.outcome.parts.back() = 0.1;
  if (status == Status::ok && index % 2 == 1) r.outcome.warnings = {"a first", "a second, of " + std::to_string(index)};
  if (status != Status::ok) r.outcome.reason = "because";
  r.finished_at = "2026-01-01T00:00:00Z";
  return r;
}

TEST_F(Stores, GiveBackWhatWasPut) {
  {
    Result<Store> store = Store::open(path("a.sqlite"), meta());
    ASSERT_TRUE(store.ok()) << to_string(store.errors().front());
    EXPECT_TRUE(store->put(std::vector{row(3), row(1, Status::infeasible)}).empty());
    EXPECT_TRUE(store->put(std::vector{row(3)}).empty());  // again: nothing changes
    EXPECT_TRUE(store->finish().empty());
  }
  EXPECT_FALSE(fs::exists(path("a.sqlite-wal")));
  const Result<Store> store = Store::read(path("a.sqlite"));
  ASSERT_TRUE(store.ok());
  EXPECT_TRUE(store->meta().belongs_with(meta()));
  EXPECT_EQ(store->meta().axes, meta().axes);
  const auto rows = store->rows();
  ASSERT_EQ(rows->size(), 2u);
  EXPECT_EQ((*rows)[0].index, 1u);
  EXPECT_EQ((*rows)[0].outcome.status, Status::infeasible);
  EXPECT_EQ((*rows)[0].outcome.reason, "because");
  EXPECT_EQ((*rows)[1].key, key_of("3"));
  EXPECT_EQ((*rows)[1].config, "{\"layout.tp\": 3}");
  EXPECT_DOUBLE_EQ((*rows)[1].outcome.step_time_s, 4.0);
  EXPECT_EQ((*rows)[1].outcome.parts, row(3).outcome.parts);
}

TEST_F(Stores, RefuseWhatIsNotTheirs) {
  { ASSERT_TRUE(Store::open(path("a.sqlite"), meta()).ok()); }
  Meta other = meta();
  other.engine = "0.2.0";
  const auto by_engine = Store::open(path("a.sqlite"), other);
  ASSERT_FALSE(by_engine.ok());
  EXPECT_NE(by_engine.errors().front().what.find("orrery 0.1.0"), std::string::npos);
  other = meta();
  other.data = "e";
  EXPECT_FALSE(Store::open(path("a.sqlite"), other).ok());
  EXPECT_FALSE(Store::open(path("a.sqlite"), meta(1, 4)).ok());
  EXPECT_TRUE(Store::open(path("a.sqlite"), meta()).ok());
}

TEST_F(Stores, NameFilesThatAreNoStores) {
  EXPECT_FALSE(Store::read(path("none.sqlite")).ok());
  std::ofstream(path("text.sqlite")) << std::string(5000, 'x');
  const auto text = Store::read(path("text.sqlite"));
  ASSERT_FALSE(text.ok());
  EXPECT_EQ(text.errors().front().where.file, path("text.sqlite"));
  {
    Result<Store> whole = Store::open(path("whole.sqlite"), meta());
    std::vector<Row> many;
    for (std::uint64_t i = 0; i < 500; ++i) many.push_back(row(i));
    ASSERT_TRUE(whole->put(many).empty());
    ASSERT_TRUE(whole->finish().empty());
  }
  fs::resize_file(path("whole.sqlite"), fs::file_size(path("whole.sqlite")) / 2);
  const auto cut = Store::read(path("whole.sqlite"));
  ASSERT_FALSE(cut.ok());
  EXPECT_NE(cut.errors().front().what.find("cut off"), std::string::npos);
  EXPECT_FALSE(Store::open("/no/such/folder/a.sqlite", meta()).ok());
}

// Of one point the better status wins, whatever the order of shards.
TEST_F(Stores, MergeKeepsTheBest) {
  const auto make = [&](const std::string& name, std::uint32_t shard, const std::vector<Row>& rows) {
    Result<Store> store = Store::open(path(name), meta(shard, 2));
    ASSERT_TRUE(store->put(rows).empty());
    ASSERT_TRUE(store->finish().empty());
  };
  make("a.sqlite", 0, {row(0), row(2, Status::failed)});
  make("b.sqlite", 1, {row(2), row(1, Status::infeasible)});
  std::vector<std::string> skipped;
  for (const auto& [into, first, second] :
       {std::tuple{"ab.sqlite", "a.sqlite", "b.sqlite"}, std::tuple{"ba.sqlite", "b.sqlite", "a.sqlite"}}) {
    EXPECT_TRUE(merge(path(into), {path(first), path(second)}, false, skipped).empty());
    const auto rows = Store::read(path(into))->rows();
    ASSERT_EQ(rows->size(), 3u);
    EXPECT_EQ((*rows)[2].outcome.status, Status::ok);
  }
  std::ofstream(path("bad.sqlite")) << "no";
  EXPECT_EQ(merge(path("c.sqlite"), {path("a.sqlite"), path("bad.sqlite")}, false, skipped).size(), 1u);
  EXPECT_TRUE(merge(path("c.sqlite"), {path("a.sqlite"), path("bad.sqlite")}, true, skipped).empty());
  EXPECT_EQ(skipped, std::vector<std::string>{path("bad.sqlite")});
}

TEST(Pool, WorksOutEachPointOnce) {
  std::vector<std::uint64_t> points;
  for (std::uint64_t i = 0; i < 1000; ++i) points.push_back(3 * i);
  for (const int threads : {1, 2, 7}) {
    std::multiset<std::uint64_t> kept;
    PoolOptions options;
    options.threads = threads;
    const auto factory = [] { return [](std::uint64_t point) { return row(point); }; };
    const auto keep = [&](std::span<const Row> rows) {
      for (const Row& r : rows) kept.insert(r.index);
      return Errors{};
    };
    EXPECT_TRUE(work(points, factory, keep, options).empty());
    EXPECT_EQ(kept, std::multiset<std::uint64_t>(points.begin(), points.end()));
  }
}

TEST(Pool, EndsWithTheFirstErrorOfWhoKeepsAndWhenStopped) {
  std::vector<std::uint64_t> points(100'000);
  std::atomic<std::uint64_t> evaluated{0};
  const auto factory = [&] { return [&](std::uint64_t point) { return ++evaluated, row(point); }; };
  const Errors errors = work(points, factory, [](auto) { return Errors{{{}, "full"}}; }, {});
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_LT(evaluated, points.size());
  std::atomic<bool> stop{true};
  PoolOptions options;
  options.stop = &stop;
  evaluated = 0;
  EXPECT_TRUE(work(
                  points, factory, [](auto) { return Errors{}; }, options)
                  .empty());
  EXPECT_EQ(evaluated, 0u);
}

TEST(Slurm, WritesArraysAndQuotes) {
  EXPECT_EQ(array_of({0, 1, 2, 5, 7, 8}), "0-2,5,7-8");
  EXPECT_EQ(shell_word("a b'c"), "'a b'\\''c'");
  EXPECT_EQ(shell_word("layout.tp=4"), "layout.tp=4");
  SlurmJob job;
  job.program = "/opt/orrery";
  job.file = "/data/my sweep.yaml";
  job.folder = "/data/50 % of it";
  job.shards = 4;
  job.tasks = {1, 3};
  const std::string script = array_script(job);
  EXPECT_NE(script.find("#SBATCH --array=1,3\n"), std::string::npos);
  EXPECT_NE(script.find("#SBATCH --output='/data/50 %% of it/shard-%a.log'\n"), std::string::npos);
  EXPECT_NE(script.find("sweep run '/data/my sweep.yaml' --shard \"$SLURM_ARRAY_TASK_ID/4\""), std::string::npos);
}

}  // namespace
}  // namespace orrery::sweep

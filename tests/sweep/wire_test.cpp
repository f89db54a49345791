#include "sweep/wire.h"

#include <gtest/gtest.h>

namespace orrery::sweep {
namespace {

Row some_row() {
  Row row;
  row.index = 7;
  row.key = {0xfedcba9876543210ull, 3};
  row.config = R"({"layout.tp": 4})";
  row.attempt = 2;
  row.finished_at = "2026-11-26T07:00:00Z";
  row.outcome.status = Status::infeasible;
  row.outcome.reason = "tp \"3\" does not divide\n";
  row.outcome.gpus = 16'384;
  row.outcome.step_time_s = 0.1 + 0.2;
  row.outcome.mfu = 1.0 / 3;
  row.outcome.peak_bytes = std::int64_t{1} << 52;
  row.outcome.reserved_bytes = 5;
  row.outcome.fits = true;
  row.outcome.events = 40'767;
  row.outcome.wall_s = 1e-9;
  return row;
}

// To the last bit, or a crew's table would differ from one process's.
TEST(Wire, BringsRowsOverAsTheyWere) {
  const std::vector<Row> sent{some_row(), Row{}};
  const auto got = unpack(pack(sent));
  ASSERT_TRUE(got);
  ASSERT_EQ(got->size(), 2u);
  for (std::size_t i = 0; i < 2; ++i) {
    const Row &a = sent[i], &b = (*got)[i];
    EXPECT_EQ(a.index, b.index);
    EXPECT_EQ(a.key, b.key);
    EXPECT_EQ(a.config, b.config);
    EXPECT_EQ(a.attempt, b.attempt);
    EXPECT_EQ(a.finished_at, b.finished_at);
    EXPECT_EQ(a.outcome.status, b.outcome.status);
    EXPECT_EQ(a.outcome.reason, b.outcome.reason);
    EXPECT_EQ(a.outcome.gpus, b.outcome.gpus);
    EXPECT_EQ(a.outcome.step_time_s, b.outcome.step_time_s);
    EXPECT_EQ(a.outcome.mfu, b.outcome.mfu);
    EXPECT_EQ(a.outcome.peak_bytes, b.outcome.peak_bytes);
    EXPECT_EQ(a.outcome.reserved_bytes, b.outcome.reserved_bytes);
    EXPECT_EQ(a.outcome.fits, b.outcome.fits);
    EXPECT_EQ(a.outcome.events, b.outcome.events);
    EXPECT_EQ(a.outcome.wall_s, b.outcome.wall_s);
  }
}

TEST(Wire, SaysThatRowsCannotBeRead) {
  for (const char* text : {"", "[[1]]", "[[1, 2, 3", "[7]"}) EXPECT_FALSE(unpack(text)) << text;
}

}  // namespace
}  // namespace orrery::sweep

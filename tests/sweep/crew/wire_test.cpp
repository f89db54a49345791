#include "sweep/crew/wire.h"

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
  row.outcome.parts[3] = 0.1;
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
  EXPECT_EQ(*got, sent);
}

TEST(Wire, SaysThatRowsCannotBeRead) {
  for (const char* text : {"", "[[1]]", "[[1, 2, 3", "[7]"}) EXPECT_FALSE(unpack(text)) << text;
}

}  // namespace
}  // namespace orrery::sweep

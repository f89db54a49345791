#pragma once

#include <gtest/gtest.h>

#include "sim/engine/engine.h"

// Whether two runs say the same, to the picosecond.
namespace orrery::sim::kit {

inline void expect_equal(const RankSummary& a, const RankSummary& b) {
  EXPECT_EQ(a.digest, b.digest);
  EXPECT_EQ(a.step_end, b.step_end);
  EXPECT_EQ(a.time.busy, b.time.busy);
  EXPECT_EQ(a.time.exposed, b.time.exposed);
  EXPECT_EQ(a.time.late, b.time.late);
  EXPECT_EQ(a.time.bubble, b.time.bubble);
  EXPECT_EQ(a.memory.peak, b.memory.peak);
  EXPECT_EQ(a.memory.by_cause, b.memory.by_cause);
  EXPECT_EQ(a.memory.when, b.memory.when);
  EXPECT_EQ(a.memory.op, b.memory.op);
}

inline void expect_equal(const RunResult& a, const RunResult& b) {
  EXPECT_EQ(a.digest, b.digest);
  EXPECT_EQ(a.step_ends, b.step_ends);
  EXPECT_EQ(a.ops, b.ops);
  for (std::uint32_t l = 0; l < a.links.size(); ++l) {
    EXPECT_EQ(a.links[LinkId{l}].bytes, b.links[LinkId{l}].bytes);
    EXPECT_EQ(a.links[LinkId{l}].busy, b.links[LinkId{l}].busy);
  }
  for (std::uint32_t r = 0; r < a.ranks.size(); ++r) expect_equal(a.ranks[RankId{r}], b.ranks[RankId{r}]);
}

}  // namespace orrery::sim::kit

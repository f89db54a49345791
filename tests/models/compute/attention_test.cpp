#include "models/compute/attention.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "gpus.h"
#include "table_errors.h"

namespace orrery::models {
namespace {

AttentionShape causal(std::int64_t length, std::int64_t heads = 64) {
  return {
      .batch = 1, .queries = length, .keys = length, .heads = heads, .kv_heads = 8, .head_dim = 128, .value_dim = 128};
}

TEST(Attention, CausalVisitsTheTriangleWithItsDiagonal) {
  EXPECT_EQ(visited_blocks(causal(1024)), 8 * 9 / 2);
  EXPECT_EQ(visited_blocks(causal(1)), 1);
  EXPECT_EQ(visited_blocks(causal(129)), 3);
}

TEST(Attention, WithoutAMaskTheSquareIsVisited) {
  AttentionShape s = causal(1024);
  s.causal = false;
  EXPECT_EQ(visited_blocks(s), 64);
}

// The last 256 of 1024 tokens see 7 and 8 blocks.
TEST(Attention, QueriesAreTheLastOfTheKeys) {
  AttentionShape s = causal(1024);
  s.queries = 256;
  EXPECT_EQ(visited_blocks(s), 7 + 8);
}

// A window of one block reaches into the block before (not in the first row).
TEST(Attention, AWindowLimitsHowFarBackBlocksGo) {
  AttentionShape s = causal(1024);
  s.window = 128;
  EXPECT_EQ(visited_blocks(s), 1 + 7 * 2);
  s.window = 1024;
  EXPECT_EQ(visited_blocks(s), visited_blocks(causal(1024)));
}

// Any split of the keys into blocks of queries visits what the whole visits.
TEST(Attention, ChunksOfQueriesVisitWhatTheWholeVisits) {
  double chunks = 0;
  for (std::int64_t end = 512; end <= 4096; end += 512) {
    AttentionShape s = causal(end);
    s.queries = 512;
    chunks += visited_blocks(s);
  }
  EXPECT_EQ(chunks, visited_blocks(causal(4096)));
}

TEST(Attention, BackwardIsTheMeasuredMultipleOfForward) {
  AttentionShape s = causal(8192);
  const double launch = h100().attention.launch.seconds(), forward = attention_seconds(s, h100(), 1);
  s.backward = true;
  EXPECT_NEAR(attention_seconds(s, h100(), 1) - launch, 3.0 * (forward - launch), 1e-12);
}

TEST(Attention, NeverFallsWithLengthHeadsOrBatch) {
  for (const auto& g : {a100(), h100(), b200()}) {
    double before = 0;
    for (std::int64_t length = 128; length < 70'000; length += 128) {
      const double t = attention_seconds(causal(length), g, 1);
      EXPECT_GE(t, before) << length;
      before = t;
    }
    before = 0;
    for (std::int64_t heads = 1; heads < 300; ++heads) {
      const double t = attention_seconds(causal(1024, heads), g, 1);
      EXPECT_GE(t, before) << heads;
      before = t;
    }
  }
}

TEST(Attention, NoWorkTakesNoTime) {
  EXPECT_EQ(attention_seconds(causal(0), h100(), 1), 0);
}

// cuDNN 9.19 on H200, 64 query and 8 key heads, causal: 591, 644, 673
// TFLOP/s at 4k to 16k (NVIDIA/cudnn-frontend benchmark tables). The curve is
// another library's.
TEST(Attention, IsNearAnotherLibrarysTableToo) {
  const double tflops[] = {591, 644, 673};
  double length = 4096;
  for (double measured : tflops) {
    const double half = 2 * 64 * length * length * 128;
    const double t = attention_seconds(causal(static_cast<std::int64_t>(length)), h200(), 1);
    EXPECT_NEAR(half / t / 1e12 / measured, 1, 0.15) << length;
    length *= 2;
  }
}

struct TableCase {
  const char* table;
  topology::GpuSpec gpu;
  double median;
};

// Else gtest prints it byte by byte.
void PrintTo(const TableCase& c, std::ostream* out) {
  *out << c.table;
}

class AttentionTables : public testing::TestWithParam<TableCase> {};

TEST_P(AttentionTables, MedianErrorIsAsPromisedFrom1024Tokens) {
  Errors errors = attention_errors(GetParam().table, GetParam().gpu);
  if (errors.each.empty()) GTEST_SKIP() << "shared data absent: kernels/" << GetParam().table;
  std::printf("%s: %zu shapes, mean %.2f %%, median %.2f %%, summed %+.2f %%\n", GetParam().table, errors.each.size(),
              100 * errors.mean(), 100 * errors.median(), 100 * (errors.predicted / errors.measured - 1));
  EXPECT_LE(errors.median(), GetParam().median);
}

INSTANTIATE_TEST_SUITE_P(Public, AttentionTables,
                         testing::Values(TableCase{"attn_fwd_a100_sxm", a100(), 0.05},
                                         TableCase{"attn_fwd_h100_sxm", h100(), 0.10},
                                         TableCase{"attn_fwd_h200_sxm", h200(), 0.10},
                                         TableCase{"attn_fwd_b200_sxm", b200(), 0.10}));

}  // namespace
}  // namespace orrery::models

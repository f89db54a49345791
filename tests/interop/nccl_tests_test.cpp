#include "interop/nccl_tests.h"

#include <gtest/gtest.h>

namespace orrery::interop {
namespace {

constexpr const char* kHeader =
    "#       size         count      type   redop    root     time   algbw   busbw #wrong     time   algbw   busbw\n"
    "#        (B)    (elements)                               (us)  (GB/s)  (GB/s)            (us)  (GB/s)  (GB/s)\n";

TEST(NcclTests, ReadsSizeTimeAndBandwidthsOutOfPlace) {
  const auto log =
      parse_nccl_tests(std::string("#  Rank  0 Group  0 Pid 1 on a\n#  Rank  7 Group  0 Pid 1 on a\n") + kHeader +
                           "        1024           256     float     sum      -1     7.50    0.14    0.24      0"
                           "     7.60    0.13    0.24      0\n",
                       "log");
  ASSERT_TRUE(log.ok());
  EXPECT_EQ(log->ranks, 8);
  EXPECT_EQ(log->type, "float");
  EXPECT_EQ(log->redop, "sum");
  ASSERT_EQ(log->rows.size(), 1u);
  EXPECT_EQ(log->rows[0].bytes.n, 1024);
  EXPECT_DOUBLE_EQ(log->rows[0].microseconds, 7.5);
  EXPECT_DOUBLE_EQ(log->rows[0].busbw, 0.24);
}

// Old versions print no root, and all-to-all no reduction either.
TEST(NcclTests, ColumnsThatAreNotThereAreNotRead) {
  const auto log = parse_nccl_tests(
      "#       size         count    type   redop     time   algbw   busbw  error\n"
      "          64             2   float            86.83    0.10    0.20    N/A    85.77    0.00    0.00    N/A\n",
      "log");
  ASSERT_TRUE(log.ok());
  EXPECT_DOUBLE_EQ(log->rows[0].microseconds, 86.83);
  EXPECT_DOUBLE_EQ(log->rows[0].busbw, 0.2);
  EXPECT_EQ(log->redop, "");
}

TEST(NcclTests, WhatALauncherAndNcclWroteIsPassedOver) {
  const auto log = parse_nccl_tests("host:34:34 [0] NCCL INFO Launch mode Parallel\n" + std::string(kHeader) +
                                        "0: 2048 512 bfloat16 sum -1 8.0 0.26 0.45 0 8.1 0.25 0.44 0\r\n"
                                        "# Avg bus bandwidth    : 70.742\n",
                                    "log");
  ASSERT_TRUE(log.ok());
  ASSERT_EQ(log->rows.size(), 1u);
  EXPECT_EQ(log->type, "bfloat16");
}

// Cycles of one size (-c) are one row, and rows come in the order of sizes.
TEST(NcclTests, ASizeSeenTwiceIsItsMean) {
  const auto log = parse_nccl_tests(std::string(kHeader) +
                                        "2048 512 float sum -1 8 1 2 0\n1024 256 float sum -1 6 1 2 0\n"
                                        "2048 512 float sum -1 10 3 4 0\n",
                                    "log");
  ASSERT_TRUE(log.ok());
  ASSERT_EQ(log->rows.size(), 2u);
  EXPECT_EQ(log->rows[0].bytes.n, 1024);
  EXPECT_DOUBLE_EQ(log->rows[1].microseconds, 9);
  EXPECT_DOUBLE_EQ(log->rows[1].busbw, 3);
}

TEST(NcclTests, ATextWithoutATableIsAnError) {
  for (const char* text :
       {"", "hello\n", "1024 256 float\n", "-5 1 float sum -1 7 1 1\n", "1024 256 float sum nan 1 1\n"}) {
    const auto log = parse_nccl_tests(text, "log");
    ASSERT_FALSE(log.ok()) << text;
    EXPECT_NE(log.errors()[0].what.find("nccl-tests"), std::string::npos);
  }
  EXPECT_EQ(read_nccl_tests("/no/such/file").errors()[0].fault, Fault::io);
}

// Every log that is shared: as many rows as sizes, and the last is the largest.
TEST(NcclTests, SharedLogsRead) {
  const std::string folder = std::string(ORRERY_SHARED_DATA) + "/interop/nccl-tests/";
  const auto log = read_nccl_tests(folder + "h100x16_gcp_a3mega_allreduce.log");
  if (!log) GTEST_SKIP() << "shared data absent: interop/nccl-tests";
  EXPECT_EQ(log->ranks, 16);
  EXPECT_EQ(log->rows.size(), 31u);
  EXPECT_DOUBLE_EQ(log->rows.back().busbw, 338.82);
  for (const char* name : {"allgather", "allreduce", "alltoall", "reducescatter"}) {
    const auto old = read_nccl_tests(folder + "sb_a100x8_nccl_" + name + ".log");
    ASSERT_TRUE(old.ok()) << name;
    EXPECT_EQ(old->ranks, 8);
    EXPECT_EQ(old->rows.back().bytes.n, 8589934592) << name;
    EXPECT_GT(old->rows.back().busbw, 150) << name;
  }
}

}  // namespace
}  // namespace orrery::interop

#include "interop/collective_rows.h"

#include <gtest/gtest.h>

namespace orrery::interop {
namespace {

constexpr const char* kHeading = "source,platform,gpu,nodes,gpus_per_node,op,dtype,bytes,time_us,note\n";

std::string nccl_of(const std::string& note) {
  const auto rows = parse_collective_rows(
      std::string(kHeading) + "s,p,H100,1,8,all_reduce,half,1024,10.5,\"" + note + "\"\n", "rows.csv");
  return rows && rows->size() == 1 ? rows->front().nccl : "no row";
}

TEST(CollectiveRows, TellTheVersionOfNcclThatTheirNoteNames) {
  EXPECT_EQ(nccl_of("NCCL 2.29.2"), "2.29");
  EXPECT_EQ(nccl_of("torch all_reduce bench; NCCL 2.27.7; time derived"), "2.27");
  EXPECT_EQ(nccl_of("NCCL version ambiguous: directory says 2.27.3, rows say 2.29.2; spread 2.4%"), "2.29");
  EXPECT_EQ(nccl_of("NCCL picked NVLS; spread 2.5%"), "");
  EXPECT_EQ(nccl_of("NCCL 2."), "");
  EXPECT_EQ(nccl_of(""), "");
}

CollectiveMeasurement row_of(const std::string& bandwidth, const std::string& note) {
  const std::string heading = "source,platform,gpu,nodes,gpus_per_node,op,dtype,bytes,time_us,busbw_GBps,note\n";
  const auto rows = parse_collective_rows(
      heading + "s,p,H100,2,1,all_reduce,float,1024,10.5," + bandwidth + ",\"" + note + "\"\n", "rows.csv");
  return rows.value().front();
}

TEST(CollectiveRows, TellWhatNcclWasMadeToRun) {
  EXPECT_EQ(row_of("1", "user report; Tree forced; out-of-place").algorithm, "tree");
  EXPECT_EQ(row_of("1", "NVLS disabled, Ring; time derived from the printed busbw").algorithm, "ring");
  EXPECT_EQ(row_of("1", "NCCL picked Ring").algorithm, "");
}

// 0.01 stands for 0.005 to 0.015, 673.2 for 673.15 to 673.25.
TEST(CollectiveRows, TellHowFarATimeFromAPrintedBandwidthMayBeOff) {
  EXPECT_DOUBLE_EQ(row_of("0.01", "time derived from the printed busbw").rounding, 0.5);
  EXPECT_NEAR(row_of("673.2", "time derived from the printed busbw").rounding, 0.05 / 673.2, 1e-12);
  EXPECT_EQ(row_of("0.01", "nccl-tests; out-of-place").rounding, 0);
}

}  // namespace
}  // namespace orrery::interop

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

}  // namespace
}  // namespace orrery::interop

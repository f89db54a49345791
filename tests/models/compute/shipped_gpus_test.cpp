#include <gtest/gtest.h>

#include "models/compute/cost_model.h"
#include "table_errors.h"
#include "topology/catalogue.h"

// The curves that ship, against the same tables as the curves by hand.

namespace orrery::models {
namespace {

Result<topology::GpuSpec> shipped(const std::string& name) {
  Node node;
  node.kind = Node::Kind::scalar;
  node.text = name;
  return topology::read_gpu(node, SearchPath({std::string(ORRERY_SOURCE_DIR) + "/scenarios"}));
}

struct Shipped {
  const char *name, *table;
  double gemm_mean, attention_median;
};

class ShippedGpus : public testing::TestWithParam<Shipped> {};

void PrintTo(const Shipped& s, std::ostream* out) {
  *out << s.name;
}

TEST_P(ShippedGpus, ErrorsAreAsPromised) {
  auto gpu = shipped(GetParam().name);
  ASSERT_TRUE(gpu.ok()) << to_string(gpu.errors().front());
  for (auto& [dtype, curve] : gpu->gemm) curve.sustained = 1;  // the tables are of short bursts
  const Errors gemm = gemm_errors(std::string("gemm_") + GetParam().table, *gpu, "bf16");
  Errors attention = attention_errors(std::string("attn_fwd_") + GetParam().table, *gpu);
  if (gemm.each.empty() || attention.each.empty()) GTEST_SKIP() << "shared data absent: kernels/*_" << GetParam().table;
  EXPECT_LE(gemm.mean(), GetParam().gemm_mean);
  EXPECT_LE(attention.median(), GetParam().attention_median);
}

INSTANTIATE_TEST_SUITE_P(Public, ShippedGpus,
                         testing::Values(Shipped{"a100-sxm-80gb", "a100_sxm", 0.05, 0.06},
                                         Shipped{"h100-sxm-80gb", "h100_sxm", 0.065, 0.10},
                                         Shipped{"h200-sxm-141gb", "h200_sxm", 0.065, 0.10},
                                         Shipped{"b200-sxm-180gb", "b200_sxm", 0.075, 0.10}));

// An H100 runs a large product 2 to 3.2 times as fast as an A100 (989 / 312 by datasheet).
TEST(ShippedGpus, NewerIsFaster) {
  const auto a100 = shipped("a100-sxm-80gb"), h100 = shipped("h100-sxm-80gb");
  ASSERT_TRUE(a100.ok() && h100.ok());
  const Kernel product{GemmShape{.m = 8192, .n = 8192, .k = 8192}};
  const double ratio =
      CostModel(*a100, {}).time(product).time.seconds() / CostModel(*h100, {}).time(product).time.seconds();
  EXPECT_GT(ratio, 2);
  EXPECT_LT(ratio, 3.2);
}

}  // namespace
}  // namespace orrery::models

#include <limits>

#include "tests/topology/support.h"

namespace orrery::topology {
namespace {

constexpr double kNic = 50 * 0.92, kNdr = 50 * 0.96;  // GB/s, 400 Gb/s at the usable share of RoCE and InfiniBand

// DGX H100: 4 x 450 GB/s a direction, the 3.6 TB/s of the datasheet both ways; here at NCCL's budget.
TEST(Bisection, OfANodeIsHalfItsNvlink) {
  EXPECT_NEAR(gb(fabric("{preset: dgx-h100, nodes: 1}").bisection()), 4 * 370.8, 1e-3);
  EXPECT_NEAR(gb(fabric("{preset: dgx-h100, nodes: 1, scale_up: {usable: 450GB/s}}").bisection()) * 2, 3600, 1e-3);
}

TEST(Bisection, OfAnNvlRackIsHalfItsNvlink) {
  EXPECT_NEAR(gb(fabric("{preset: gb200-nvl72, gpus: 72}").bisection()), 36 * 721.8, 1e-3);
}

// Non-blocking: every NIC of one half can send to the other at full speed.
TEST(Bisection, OfANonBlockingFabricIsHalfItsNics) {
  for (int nodes : {2, 8, 32, 64, 256}) {
    const std::string size = ", nodes: " + std::to_string(nodes) + "}";
    for (const auto& [preset, nic] :
         {std::pair{"{preset: dgx-h100", kNdr}, {"{preset: hgx-h100-roce", kNic}, {"{preset: dgx-h200", kNdr}})
      EXPECT_NEAR(gb(fabric(preset + size).bisection()), nodes / 2 * 8 * nic, 1e-2) << preset << nodes;
  }
}

TEST(Bisection, ShrinksWithOversubscription) {
  const auto at = [](const char* ratio) {
    return gb(fabric(std::string("{preset: hgx-h100-roce, nodes: 32, fabric: {oversubscription: ") + ratio + "}}")
                  .bisection());
  };
  EXPECT_NEAR(at("1"), 128 * kNic, 1e-2);
  EXPECT_NEAR(at("2"), 64 * kNic, 1e-2);
  EXPECT_NEAR(at("4"), 32 * kNic, 1e-2);
  EXPECT_NEAR(at("0.5"), 128 * kNic, 1e-2);  // more uplinks than NICs change nothing
}

// Four of eight pods of 3,072 GPUs send to the other four through a core with a seventh of their capacity.
TEST(Bisection, OfMetasClusterIsASeventhOfItsNics) {
  EXPECT_NEAR(gb(fabric("{preset: meta-24k, gpus: 24576}").bisection()), 12288 * kNic / 7, 1);
}

TEST(Bisection, OfSharedNicsIsThatOfTheNics) {
  const double omni_path = 12.5 * 0.92;
  EXPECT_NEAR(gb(fabric("{preset: a100-jean-zay, nodes: 48}").bisection()), 24 * 4 * omni_path, 1e-2);
}

TEST(Bisection, OfFreeLinksHasNoBound) {
  EXPECT_EQ(fabric("{preset: ideal, nodes: 2}").bisection().n, std::numeric_limits<std::int64_t>::max());
}

TEST(Bisection, OfOneGpuIsNothing) {
  EXPECT_EQ(fabric("{preset: dgx-h100, gpus: 1}").bisection().n, 0);
}

}  // namespace
}  // namespace orrery::topology

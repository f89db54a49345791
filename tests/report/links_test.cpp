#include <gtest/gtest.h>

#include "tests/report/support.h"

namespace orrery::report {
namespace {

// Link 0 is silent, 1 and 2 carry the same, 3 carries less over a far thinner wire.
struct FourLinks {
  models::Scenario scenario;
  models::Compiled compiled;
  std::vector<sim::LinkLoad> carried;
  sim::RunResult run = testing::run_of({}, Duration(), Duration::us(1'000'000));

  FourLinks() {
    compiled.workload.link_kinds = {"nvlink", "pcie", "nic", "spine"};
    add(0, 100, 0);
    add(0, 100, 50);
    add(0, 100, 50);
    add(2, 10, 9);
  }
  void add(std::uint8_t kind, std::int64_t capacity, std::int64_t bytes) {
    compiled.workload.links.add({BytesPerSecond{capacity}, kind});
    carried.push_back({{bytes}, Duration::us(bytes)});
    run.links = sim::LinkLoads(carried.size());
    for (std::uint32_t l = 0; l < carried.size(); ++l) run.links.own({l}) = carried[l];
  }
  std::vector<BusyLink> busiest(std::size_t n) const { return busiest_links({scenario, compiled, run, 0, 0}, n); }
};

TEST(BusiestLinks, AreThoseThatUseMostOfWhatTheyCould) {
  const auto links = FourLinks().busiest(5);
  ASSERT_EQ(links.size(), 2u);  // a silent link is not busy; equal links are told once
  EXPECT_EQ(links[0].kind, "nic");
  EXPECT_DOUBLE_EQ(links[0].utilisation, 0.9);
  EXPECT_EQ(links[1].kind, "nvlink");
  EXPECT_EQ(links[1].alike, 2);
  EXPECT_DOUBLE_EQ(links[1].utilisation, 0.5);
  EXPECT_EQ(links[1].busy, Duration::us(50));
}

TEST(BusiestLinks, AreNoMoreThanAskedFor) {
  EXPECT_EQ(FourLinks().busiest(1).size(), 1u);
}

}  // namespace
}  // namespace orrery::report

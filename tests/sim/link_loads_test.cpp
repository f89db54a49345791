#include <gtest/gtest.h>

#include <memory>

#include "sim/run_result.h"

namespace orrery::sim {
namespace {

LinkLoads two_classes() {
  LinkLoads loads(2);
  loads.own({0}) = {{10}, Duration::us(1)};
  loads.own({1}) = {{20}, Duration::us(2)};
  return loads;
}

std::shared_ptr<const LinkClasses> classes(std::initializer_list<LinkId> of, std::size_t count = 2) {
  IdVector<LinkId, LinkId> all;
  for (const LinkId link : of) all.add(link);
  return std::make_shared<LinkClasses>(all, count);
}

TEST(LinkLoads, LinksBehindClassesShareTheirs) {
  const LinkLoads loads(two_classes(), classes({{1}, LinkId::none(), {0}, {1}}));
  ASSERT_EQ(loads.size(), 4u);
  EXPECT_EQ(loads[LinkId{0}].bytes, Bytes{20});
  EXPECT_EQ(loads[LinkId{1}], LinkLoad());  // of no class: nothing crossed it
  EXPECT_EQ(loads[LinkId{2}].busy, Duration::us(1));

  std::int64_t links = 0;
  Bytes bytes;
  for (const LinkLoads::Alike& of : loads.alike()) {
    links += of.links, bytes += of.load.bytes * of.links;
    EXPECT_EQ(loads[of.first], of.load);
  }
  EXPECT_EQ(links, 4);
  EXPECT_EQ(bytes, Bytes{50});
}

TEST(LinkLoads, WithoutLinksThereAreNone) {
  const LinkLoads loads(LinkLoads(0), classes({}, 0));
  EXPECT_EQ(loads.size(), 0u);
  EXPECT_TRUE(loads.alike().empty());
}

TEST(LinkLoads, ThoseThatShareWithNobodyAreToldOneByOne) {
  const LinkLoads own = two_classes();
  ASSERT_EQ(own.alike().size(), 2u);
  EXPECT_EQ(own.alike()[1].first, LinkId{1});
  EXPECT_EQ(own.alike()[1].links, 1);
}

}  // namespace
}  // namespace orrery::sim

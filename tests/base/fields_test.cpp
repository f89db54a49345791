#include "sim/base/read/fields.h"

#include <gtest/gtest.h>

namespace orrery {
namespace {

TEST(Fields, GivesWhatIsThereAndReportsTheRest) {
  const Result<Node> root =
      parse_document("{link: 400Gb/s, radix: 64, ratio: 7.5, sharp: true, kind: fat-tree, latency: 1.5us}", "f");
  Errors errors;
  Fields f(*root, "fabric", errors);
  EXPECT_EQ(f.bandwidth("link")->n, 50'000'000'000);
  EXPECT_EQ(*f.count("radix"), 64);
  EXPECT_EQ(*f.number("ratio"), 7.5);
  EXPECT_TRUE(*f.flag("sharp"));
  EXPECT_EQ(*f.choice("kind", {"none", "fat-tree"}), "fat-tree");
  EXPECT_EQ(f.duration("latency")->count_ps(), 1'500'000);
  EXPECT_FALSE(f.text("absent").has_value());
  f.finish();
  EXPECT_TRUE(errors.empty());
}

TEST(Fields, EveryFaultIsToldWithItsPlace) {
  const Result<Node> root =
      parse_document("{link: 400, radix: -1, sharp: yes, kind: fat-tre, nodes: [1], lnik: x}", "f");
  Errors errors;
  Fields f(*root, "fabric", errors);
  f.bandwidth("link");
  f.count("radix", 1);
  f.flag("sharp");
  f.choice("kind", {"none", "fat-tree"});
  f.count("nodes");
  f.require({"link", "gpu"});
  f.finish();
  std::string all;
  for (const Error& error : errors) all += to_string(error) + "\n";
  EXPECT_EQ(all,
            "f:1:8: 'link': '400' has no unit; a bandwidth needs one, for example 400 Gb/s (bits) or 50 GB/s (bytes)\n"
            "f:1:20: 'radix' is -1, but must be at least 1\n"
            "f:1:31: 'sharp': 'yes' is not true or false\n"
            "f:1:42: 'kind' is 'fat-tre'; known are none, fat-tree; did you mean 'fat-tree'?\n"
            "f:1:58: 'nodes' must be a whole number, but is a list\n"
            "f:1:1: 'fabric' needs 'gpu'\n"
            "f:1:63: unknown key 'lnik' in 'fabric'; did you mean 'link'?\n");
}

TEST(Fields, OfSomethingElseThanAMappingAreAbsent) {
  const Result<Node> root = parse_document("[1, 2]", "f");
  Errors errors;
  Fields f(*root, "fabric", errors);
  EXPECT_FALSE(f.count("nodes").has_value());
  f.require({"nodes"});
  f.finish();
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_EQ(to_string(errors[0]), "f:1:1: 'fabric' must be a mapping, but is a list");
}

}  // namespace
}  // namespace orrery

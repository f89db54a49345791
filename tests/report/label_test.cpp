#include "report/explain/label.h"

#include <gtest/gtest.h>

namespace orrery::report {
namespace {

TEST(WithoutLayer, TakesTheNumberedLayerAwayAndNothingElse) {
  EXPECT_EQ(without_layer("layer 17 attention backward"), "attention backward");
  EXPECT_EQ(without_layer("layer 17"), "layer 17");
  EXPECT_EQ(without_layer("layer norm"), "layer norm");
  EXPECT_EQ(without_layer("send activation"), "send activation");
  EXPECT_EQ(without_layer(""), "");
}

}  // namespace
}  // namespace orrery::report

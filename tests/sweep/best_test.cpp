#include "sweep/best.h"

#include <gtest/gtest.h>

namespace orrery::sweep {
namespace {

Outcome ran(double step_s, int gpus = 8, bool fits = true) {
  Outcome outcome;
  outcome.status = Status::ok;
  outcome.step_time_s = step_s;
  outcome.tokens_per_s = 1000 / step_s;
  outcome.gpus = gpus;
  outcome.fits = fits;
  return outcome;
}

TEST(Best, RulesOutWhatIsBehindAsManyAsAreAskedFor) {
  Best best(2, BestBy::step_time);
  best.add(ran(3));
  EXPECT_FALSE(best.rules_out(100, 1000, 8)) << "one more is asked for";
  best.add(ran(5));
  EXPECT_FALSE(best.rules_out(5, 1000, 8)) << "it might be as good";
  EXPECT_TRUE(best.rules_out(5.1, 1000, 8));
  best.add(ran(4));
  EXPECT_TRUE(best.rules_out(4.5, 1000, 8));
  EXPECT_FALSE(best.rules_out(3.5, 1000, 8));
}

TEST(Best, CountsOnlyWhatRanAndFits) {
  Best best(1, BestBy::step_time);
  best.add(ran(1, 8, false));
  Outcome failed = ran(1);
  failed.status = Status::failed;
  best.add(failed);
  EXPECT_FALSE(best.rules_out(2, 1000, 8));
}

// Twice the GPUs must be done in half of the time.
TEST(Best, OfOneGpuWhereNumbersOfGpusDiffer) {
  Best best(1, BestBy::tokens_per_s_per_gpu);
  best.add(ran(4, 8));
  EXPECT_TRUE(best.rules_out(2.1, 1000, 16));
  EXPECT_FALSE(best.rules_out(1.9, 1000, 16));
  EXPECT_FALSE(best.rules_out(7.9, 2000, 8)) << "of twice the tokens";
}

}  // namespace
}  // namespace orrery::sweep

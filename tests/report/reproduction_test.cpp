#include "report/accuracy/reproduction.h"

#include <gtest/gtest.h>

namespace orrery::report {
namespace {

ReproducedRow row(const std::string& source, double published, std::optional<double> predicted) {
  return {"a run", "run.yaml", "step_time_s", source, published, predicted, predicted ? "" : "no such metric"};
}

// Errors of -10 %, +20 % and a row that did not run: mean 15 %, bias +5 %, worst 20 %.
TEST(Reproduction, ErrorsAreTakenOverTheRowsThatRan) {
  const auto sources =
      accuracy_by_source({row("A, table 1", 10, 9), row("A, table 2", 10, 12), row("A", 10, std::nullopt)}, {});
  ASSERT_EQ(sources.size(), 1u);
  EXPECT_EQ(sources[0].source, "A");
  EXPECT_EQ(sources[0].rows, 3);
  EXPECT_EQ(sources[0].failed, 1);
  EXPECT_NEAR(sources[0].mean, 0.15, 1e-12);
  EXPECT_NEAR(sources[0].bias, 0.05, 1e-12);
  EXPECT_NEAR(sources[0].worst, 0.20, 1e-12);
  EXPECT_FALSE(sources[0].met());
}

TEST(Reproduction, ABarHoldsMeanAndWorst) {
  const std::vector<ReproducedRow> rows{row("A, table 1", 10, 10.4), row("A, table 1", 10, 10)};
  const auto met = [&](double mean, double worst) { return accuracy_by_source(rows, {{"A", mean, worst}})[0].met(); };
  EXPECT_TRUE(met(0.021, 0.041));
  EXPECT_FALSE(met(0.019, 0.041));
  EXPECT_FALSE(met(0.021, 0.039));
  EXPECT_TRUE(accuracy_by_source(rows, {{"B", 0, 0}})[0].met());
}

TEST(Reproduction, TheShippedBarsCanBeRead) {
  const auto bars = read_accuracy_bars(ORRERY_SOURCE_DIR "/scenarios/published/bars.yaml");
  ASSERT_TRUE(bars.ok()) << to_string(bars.errors().front());
  EXPECT_GE(bars->size(), 3u);
  for (const AccuracyBar& bar : *bars) {
    EXPECT_GT(bar.mean, 0) << bar.source;
    EXPECT_LE(bar.mean, bar.worst) << bar.source;
  }
}

}  // namespace
}  // namespace orrery::report

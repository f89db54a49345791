// Reports on clusters of unlike nodes (cluster.groups).
#include "report/result.h"
#include "tests/models/compile/support.h"

namespace orrery::report {
namespace {

models::Scenario on(const std::string& cluster) {
  return models::read(models::small_scenario(), {{"cluster", cluster}, {"layout.pp", "2"}, {"layout.tp", "8"}});
}

TEST(UnlikeNodes, MemoryIsMeasuredAgainstEachStagesOwnGpu) {
  const models::Scenario scenario =
      on("{preset: dgx-h100, groups: [{nodes: 1}, {gpu: {preset: h100-sxm-80gb, memory: 2GiB}, nodes: 1}]}");
  const models::Compiled c = models::compiled(scenario);
  const sim::RunResult run = models::run_folded(c);
  const Memory memory = memory_of({scenario, c, run, 16, 0});
  EXPECT_GT(memory.stages[0].capacity, memory.stages[1].capacity);
  EXPECT_EQ(memory.capacity, memory.stages[1].capacity);
  EXPECT_FALSE(memory.fits);
}

TEST(UnlikeNodes, MfuIsOfThePeaksOfAllGpus) {
  const auto result = [](const std::string& cluster) {
    const models::Scenario scenario = on(cluster);
    const models::Compiled c = models::compiled(scenario);
    const sim::RunResult run = models::run_folded(c);
    return make_result({scenario, c, run, 16, 0});
  };
  const double a100 = result("{preset: dgx-h100, gpu: a100-sxm-80gb, nodes: 2}").peak.n,
               h100 = result("{preset: dgx-h100, nodes: 2}").peak.n;
  const Result mixed = result("{preset: dgx-h100, groups: [{gpu: a100-sxm-80gb, nodes: 1}, {nodes: 1}]}");
  EXPECT_DOUBLE_EQ(mixed.peak.n, (a100 + h100) / 2);
  EXPECT_EQ(mixed.gpu, "a100-sxm-80gb + h100-sxm-80gb");
}

}  // namespace
}  // namespace orrery::report

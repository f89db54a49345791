// Traces of what the engine really does.
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "interop/trace/write/trace_writer.h"
#include "sim/engine/engine.h"
#include "tests/interop/trace/small_run.h"

namespace orrery::interop {
namespace {

// Every transfer takes 7 ns and shares nothing.
class LatencyPlanner : public sim::TransferPlanner {
 public:
  const sim::TransferPlan& plan(const sim::TransferRequest&) const override { return plan_; }
  std::string algorithm_name(std::uint32_t) const override { return "latency"; }

 private:
  sim::TransferPlan plan_{{{Duration::ns(7), Bytes{0}, {}, nullptr}}, 0, 0};
};

// The lines of a trace in a fixed order: what is told when differs between runs that tell the same.
std::vector<std::string> sorted_lines(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) {
    if (line.ends_with(',')) line.pop_back();
    lines.push_back(line);
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

class RunTrace : public testing::Test {
 protected:
  RunTrace() {
    run_.workload.planner = std::make_shared<LatencyPlanner>();
    run_.workload.steps = 3;
  }

  std::vector<std::string> trace(const sim::Workload& simulated, const TraceContext& context, bool coalesce) {
    auto writer = open_trace_writer(folder_.file("run.json"), context).value();
    sim::RunOptions options;
    options.coalesce = coalesce;
    options.trace = writer.get();
    EXPECT_FALSE(sim::run(simulated, options).stuck);
    EXPECT_TRUE(writer->close().empty());
    return sorted_lines(read_file(folder_.file("run.json")));
  }

  SmallRun run_{4};
  TemporaryFolder folder_;
};

// Folding and coalescing change how a run is simulated and nothing of what it was:
// the ranks that were asked for have the same trace.
TEST_F(RunTrace, IsTheSameFoldedAndCoalescedOrNot) {
  TraceFilter filter;
  filter.ranks = {{2, 5}};
  const sim::Folded folded = sim::fold(run_.workload);
  ASSERT_LT(folded.workload.ranks(), run_.workload.ranks());
  const TraceContext plain = run_.context(filter), of_folded{&run_.workload, &folded, filter};

  const std::vector<std::string> whole = trace(run_.workload, plain, false);
  EXPECT_EQ(trace(run_.workload, plain, true), whole);
  EXPECT_EQ(trace(folded.workload, of_folded, true), whole);
  // 4 ranks: two kernels, a send, a receive and an action a pair, three steps.
  EXPECT_EQ(
      std::count_if(whole.begin(), whole.end(), [](const std::string& l) { return l.starts_with("{\"ph\":\"X\""); }),
      2 * 5 * 3);
}

}  // namespace
}  // namespace orrery::interop

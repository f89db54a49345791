// Traces as ASTRA-sim's generators write them, in small: what is computed becomes a table of layers.
#include "tests/interop/import/chakra_drafts.h"

namespace orrery::interop {
namespace {

using namespace chakra_drafts;
using Needs = TraceBytes::Needs;

// What the converter of ASTRA-sim's text files writes for data parallelism: layer l takes
// 100 (l + 1) us each way and has 4 (l + 1) MB of gradients; the next step waits for them.
TraceBytes data_parallel(int steps, bool named = true, int layers = 3) {
  TraceBytes trace;
  std::vector<Needs> reduced(static_cast<std::size_t>(layers));
  const auto compute = [&](int layer, const std::string& pass, const Needs& needs) {
    return trace.timed(named ? "COMP_NODE_fc" + std::to_string(layer) + pass : "op", needs,
                       static_cast<std::uint64_t>(100 * (layer + 1)));
  };
  for (int step = 0; step < steps; ++step) {
    Needs before;
    for (int l = 0; l < layers; ++l) {
      Needs needs = reduced[static_cast<std::size_t>(l)];
      needs.insert(needs.end(), before.begin(), before.end());
      before = {compute(l, "_FWD", needs)};
    }
    for (int l = layers; l-- > 0;) {
      const std::uint64_t weights = compute(l, "_BWD_WG", before);
      reduced[static_cast<std::size_t>(l)] = {
          trace.collective("COMM_COLL_NODE_fc" + std::to_string(l) + "_ALLREDUCE", TraceBytes::kAllReduce,
                           static_cast<std::uint64_t>(4'000'000 * (l + 1)), {weights})};
      if (l > 0) before = {compute(l, "_BWD_IG", {weights})};
    }
  }
  return trace;
}

TEST(Chakra, DataParallelLayersAreRowsWithTheirGradients) {
  const Draft draft = draft_of(alike(data_parallel(1), 4));
  const auto rows = rows_of(draft);
  ASSERT_EQ(rows.size(), 3u);
  for (std::size_t l = 0; l < 3; ++l) {
    const auto times = static_cast<double>(l + 1);
    EXPECT_EQ(rows[l].name, "fc" + std::to_string(l));
    EXPECT_NEAR(rows[l].operations / rows[0].operations, times, 1e-6);  // as their durations
    EXPECT_EQ(rows[l].parameters, 1e6 * times);                         // 4 bytes each
  }
  // 100 us of a GPU whose peak is 989 TFLOP/s, of which large products reach more than half.
  EXPECT_LT(rows[0].operations, 100e-6 * 989e12);
  EXPECT_GT(rows[0].operations, 50e-6 * 989e12);
  EXPECT_NE(draft.table().find("# assumed: forward_flops = duration_micros"), std::string::npos);
  EXPECT_EQ(draft.text("layout.dp"), "4");
  EXPECT_EQ(draft.text("layout.tp"), "1");
  EXPECT_EQ(draft.text("cluster.gpus"), "4");
  EXPECT_EQ(draft.text("name"), "job");
}

TEST(Chakra, SeveralStepsAreTheTableOfOne) {
  const Draft three = draft_of(alike(data_parallel(3), 4));
  EXPECT_EQ(three.table(), draft_of(alike(data_parallel(1), 4)).table());
  EXPECT_TRUE(says(three, "holds 3 steps"));
}

TEST(Chakra, WithoutNamesTheOrderOfGradientsTellsThePasses) {
  const Draft draft = draft_of(alike(data_parallel(1, false), 2));
  const auto rows = rows_of(draft), named = rows_of(draft_of(alike(data_parallel(1), 2)));
  ASSERT_EQ(rows.size(), named.size());
  for (std::size_t l = 0; l < rows.size(); ++l) {
    EXPECT_EQ(rows[l].operations, named[l].operations);
    EXPECT_EQ(rows[l].parameters, named[l].parameters);
  }
  EXPECT_TRUE(says(draft, "the order of computes and gradients does"));
}

TEST(Chakra, OperationsStandAsTheyAre) {
  TraceBytes trace;
  const auto forward = trace.counted("a_fwd", {}, 6'000'000, 5'000);
  const auto backward = trace.counted("a_bwd", {forward}, 12'000'000, 5'000);
  trace.collective("g", TraceBytes::kAllReduce, 400, {backward});
  const auto rows = rows_of(draft_of(alike(trace, 2)));
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].operations, 6e6);
  EXPECT_EQ(rows[0].parameters, 100);
  EXPECT_EQ(rows[0].kept, 5'000 - 100 * 2);  // without its weights in bf16
}

// Gradients that are reduced together belong to the layer they follow and to those behind it:
// each keeps a share by its operations, and the bytes stay what they are.
TEST(Chakra, ABucketIsSharedByItsLayers) {
  TraceBytes trace;
  const auto a = trace.counted("a_fwd", {}, 100), b = trace.counted("b_fwd", {a}, 300),
             c = trace.counted("c_fwd", {b}, 600);
  const auto dc = trace.counted("c_bwd", {c}, 1200), db = trace.counted("b_bwd", {dc}, 600);
  trace.collective("late", TraceBytes::kAllReduce, 3600, {db});
  trace.collective("early", TraceBytes::kAllReduce, 400, {trace.counted("a_bwd", {db}, 200)});
  const auto rows = rows_of(draft_of(alike(trace, 2)));
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].parameters, 100);
  EXPECT_EQ(rows[1].parameters, 300);
  EXPECT_EQ(rows[2].parameters, 600);
  EXPECT_EQ(sum(rows, &Row::parameters) * 4, 3600 + 400);
}

// Gradients of the first layers may come with those of a later one, and a layer without any
// would do nothing.
TEST(Chakra, LayersBeforeTheFirstGradientShareIt) {
  TraceBytes trace;
  const auto a = trace.counted("a_fwd", {}, 100), b = trace.counted("b_fwd", {a}, 300);
  const auto db = trace.counted("b_bwd", {b}, 600);
  trace.collective("g", TraceBytes::kAllReduce, 1600, {db});
  trace.counted("a_bwd", {db}, 200);
  const auto rows = rows_of(draft_of(alike(trace, 2)));
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].parameters, 100);
  EXPECT_EQ(rows[1].parameters, 300);
}

TEST(Chakra, RanksThatReduceNothingAreToldToDoSo) {
  TraceBytes trace;
  trace.counted("a_fwd", {}, 2'000'000);
  const Draft draft = draft_of(alike(trace, 4));
  EXPECT_TRUE(says(draft, "the simulation reduces theirs, which the trace does not"));
  EXPECT_EQ(rows_of(draft)[0].parameters, 10'000);  // of 2 * 100 * 100 * 100 operations
}

TEST(Chakra, OneTraceStandsForAllWhereTheirNumberIsSaid) {
  ImportOptions eight;
  eight.gpus = 8;
  EXPECT_EQ(draft_of(alike(data_parallel(1), 1), eight).text("layout.dp"), "8");
  const auto alone = imported_traces(alike(data_parallel(1), 1));
  ASSERT_FALSE(alone);
  EXPECT_NE(alone.errors()[0].what.find("--gpus N"), std::string::npos);
}

}  // namespace
}  // namespace orrery::interop

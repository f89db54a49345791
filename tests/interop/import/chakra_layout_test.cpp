// Who exchanges what with whom becomes a layout.
#include <cmath>

#include "tests/interop/import/chakra_drafts.h"
#include "tests/interop/import/chakra_graph.h"

namespace orrery::interop {
namespace {

using namespace chakra_drafts;

TEST(ChakraLayout, GroupsTellTheLayoutOfEveryShape) {
  for (int tp : {1, 2, 4})
    for (int dp : {1, 2, 3})
      for (int pp : {1, 2, 4}) {
        SCOPED_TRACE(std::to_string(tp) + "*" + std::to_string(dp) + "*" + std::to_string(pp));
        GraphShape shape;
        shape.tp = tp, shape.dp = dp, shape.pp = pp;
        if (shape.ranks() == 1) continue;
        const Draft draft = draft_of(graph(shape));
        EXPECT_EQ(draft.text("layout.tp"), std::to_string(tp));
        EXPECT_EQ(draft.text("layout.pp"), std::to_string(pp));
        EXPECT_EQ(draft.text("layout.dp"), std::to_string(dp));
        EXPECT_EQ(draft.text("training.global_batch"), std::to_string(2 * dp));
        EXPECT_FALSE(draft.has("layout.zero"));
        const auto rows = rows_of(draft);
        ASSERT_EQ(rows.size(), 4u);  // one a block, of all stages
        EXPECT_EQ(rows[3].name, "transformer.3");
        EXPECT_EQ(sum(rows, &Row::operations), 4.0 * 2000 * tp);  // whole layers
        EXPECT_EQ(rows[2].reads, tp > 1 ? "whole" : "");
        EXPECT_EQ(rows[2].makes, tp > 1 ? "sum" : "");
        if (dp > 1) {
          EXPECT_EQ(rows[0].parameters, 2000.0 * tp);
        }
      }
}

// Rank r of 4 has tp rank r / 2: neighbours hold the same layers' shares of other samples.
TEST(ChakraLayout, MembersTellTheOrderOfRanks) {
  std::vector<std::string> traces;
  for (int rank = 0; rank < 4; ++rank) {
    TraceBytes trace;
    const std::string tensor = "t" + std::to_string(rank % 2), data = "d" + std::to_string(rank / 2);
    const auto forward = trace.counted("a_fwd", {}, 10);
    const auto sum_forward = trace.collective("f", TraceBytes::kAllReduce, 64, {forward}, tensor);
    const auto backward = trace.counted("a_bwd", {sum_forward}, 20);
    trace.collective("g", TraceBytes::kAllReduce, 400, {backward}, data);
    traces.push_back(trace.bytes());
  }
  EXPECT_EQ(draft_of(traces).text("layout.order"), "[dp, tp, cp, pp]");
  EXPECT_FALSE(draft_of(graph({})).has("layout.order"));
}

// Where all comes again, numbers of micro-batches in the names tell them from steps.
TEST(ChakraLayout, NumberedCopiesAreMicroBatches) {
  TraceBytes trace;
  for (const char* batch : {"", "mb1.", "mb2."}) {
    const std::string name = std::string(batch) + "transformer.0.mlp.";
    const auto forward = trace.counted(name + "x@0_COMP", {}, 10);
    const auto sum_forward = trace.collective(name + "x@0_X1COMM", TraceBytes::kAllReduce, 64, {forward});
    trace.counted(name + "dx@0_COMP", {sum_forward}, 20);
  }
  const Draft draft = draft_of(alike(trace, 2));
  EXPECT_EQ(draft.text("training.global_batch"), "3");
  EXPECT_EQ(draft.text("layout.tp"), "2");
  EXPECT_FALSE(says(draft, "steps"));
}

TEST(ChakraLayout, MoreGpusAreMoreReplicas) {
  GraphShape shape;
  shape.tp = 1, shape.dp = 2, shape.pp = 2;
  ImportOptions sixteen;
  sixteen.gpus = 16;
  const Draft draft = draft_of(graph(shape), sixteen);
  EXPECT_EQ(draft.text("cluster.gpus"), "16");
  EXPECT_EQ(draft.text("training.global_batch"), "16");  // two micro-batches for each of eight
  EXPECT_FALSE(draft.has("layout.dp"));                  // what remains
}

TEST(ChakraLayout, StagesKeepTheirLayersAndWhatTheyHandOn) {
  GraphShape shape;
  shape.tp = 1, shape.dp = 2, shape.pp = 2;
  const Draft draft = draft_of(graph(shape));
  EXPECT_EQ(draft.text("pipeline.stage_layers"), "[2, 2]");
  EXPECT_EQ(rows_of(draft)[1].output, 4096);
  EXPECT_TRUE(says(draft, "optimizer"));
}

TEST(ChakraLayout, ShardedParametersAreZero) {
  GraphShape shape;
  shape.tp = 1, shape.dp = 4, shape.pp = 1, shape.micro_batches = 1, shape.sharded = true;
  const Draft draft = draft_of(graph(shape));
  EXPECT_EQ(draft.text("layout.zero"), "3");
  EXPECT_EQ(draft.text("layout.dp"), "4");
  EXPECT_EQ(draft.text("layout.tp"), "1");

  TraceBytes gathers_after;
  const auto forward = gathers_after.counted("a_fwd", {}, 10);
  const auto scattered =
      gathers_after.collective("s", TraceBytes::kReduceScatter, 400, {gathers_after.counted("a_bwd", {forward}, 20)});
  gathers_after.collective("p", TraceBytes::kAllGather, 100, {scattered});
  EXPECT_EQ(draft_of(alike(gathers_after, 4)).text("layout.zero"), "2");
}

// A block with two sums, as attention and MLP have: a row up to each, the block's gradient shared by both.
TEST(ChakraLayout, SumsInTheMidstOfALayerPartItsRow) {
  TraceBytes trace;
  TraceBytes::Needs before;
  for (const char* part : {"mha", "mlp"}) {
    const std::string name = std::string("transformer.0.") + part;
    const auto product = trace.counted(name + ".x@0_COMP", before, 1000, 500);
    before = {trace.collective(name + ".x@0_X1COMM", TraceBytes::kAllReduce, 64, {product}, "t")};
  }
  const auto back = trace.counted("transformer.0.mlp.dx@0_COMP", before, 4000);
  trace.collective("transformer.0.mlp.dx@0_X1COMM", TraceBytes::kAllReduce, 64, {back}, "t");
  trace.collective("transformer.0.mlp.w@1_X2COMM", TraceBytes::kAllReduce, 400, {back}, "d");
  const auto rows = rows_of(draft_of(alike(trace, 4)));
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].name, "transformer.0");
  EXPECT_EQ(rows[1].name, "transformer.0/2");
  for (const Row& row : rows) {
    EXPECT_EQ(row.output, 64);
    EXPECT_EQ(row.makes, "sum");
    EXPECT_EQ(row.reads, "whole");
  }
}

// With outputs gathered: each rank makes a part. With sums cut and gathered again: sequence parallelism.
TEST(ChakraLayout, ExchangesTellWhatRanksReadAndMake) {
  TraceBytes trace;
  const auto columns = trace.counted("a_fwd", {}, 10, 100);
  const auto rows_product = trace.counted("b_fwd", {columns}, 10, 100);
  const auto cut = trace.collective("s", TraceBytes::kReduceScatter, 64, {rows_product}, "t");
  const auto norm = trace.counted("c_fwd", {cut}, 10, 100);
  const auto whole = trace.collective("g", TraceBytes::kAllGather, 64, {norm}, "t");
  const auto last = trace.counted("d_fwd", {whole}, 10, 100);
  const auto back = trace.counted("d_bwd", {last}, 20);
  const auto sum_back = trace.collective("r", TraceBytes::kReduceScatter, 64, {back}, "t");
  trace.counted("c_bwd", {sum_back}, 20);
  const Draft draft = draft_of(alike(trace, 2));
  EXPECT_EQ(draft.text("layout.tp"), "2");
  const auto rows = rows_of(draft);
  ASSERT_EQ(rows.size(), 4u);
  const auto is = [](const Row& row, const char* reads, const char* makes) {
    return row.reads == reads && row.makes == makes;
  };
  EXPECT_TRUE(is(rows[0], "whole", "own"));
  EXPECT_TRUE(is(rows[1], "own", "scatter"));
  EXPECT_TRUE(is(rows[2], "own", "own"));
  EXPECT_TRUE(is(rows[3], "whole", "own"));
  EXPECT_EQ(rows[1].output, 64);
  EXPECT_EQ(rows[2].output, 64);
  // Each of both ranks touches 100 bytes, of which 2 x 2.3 are parameters (of 20 operations, as a square product).
  EXPECT_EQ(rows[0].kept, 2 * 95);
  EXPECT_EQ(rows[0].output, 2 * 48);
}

// Numbers of a table are those of all ranks, which divide them.
TEST(ChakraLayout, RanksDivideWhatTheySplit) {
  for (int tp : {2, 3, 4, 7}) {
    GraphShape shape;
    shape.tp = tp, shape.dp = 2, shape.pp = 2;
    const Draft draft = draft_of(graph(shape));
    for (const Row& row : rows_of(draft)) EXPECT_EQ(std::fmod(row.parameters, tp), 0) << row.name << " over " << tp;
  }
}

TEST(ChakraLayout, WhatATableCannotHoldIsSaid) {
  ImportOptions with_model;
  with_model.model = "llama-3.1-8b";
  const Draft model = draft_of(graph({}), with_model);
  EXPECT_EQ(model.text("model"), "llama-3.1-8b");
  EXPECT_EQ(model.text("layout.tp"), "2");
  EXPECT_TRUE(model.table().empty());

  TraceBytes trace;
  const auto forward = trace.counted("a_fwd", {}, 10);
  const auto shuffled = trace.collective("x", TraceBytes::kAllToAll, 64, {forward});
  trace.collective("g", TraceBytes::kAllReduce, 400, {trace.counted("a_bwd", {shuffled}, 20)});
  EXPECT_TRUE(says(draft_of(alike(trace, 4)), "1 all-to-all among 4 ranks, 64 bytes a step: not in the layout"));
}

// The text converter leaves groups to the simulator: everything runs among all ranks.
TEST(ChakraLayout, OneGroupForLayersAndSamplesIsNotGuessed) {
  TraceBytes trace;
  TraceBytes::Needs before;
  for (const char* layer : {"a", "b"})
    before = {
        trace.collective("r", TraceBytes::kAllReduce, 64, {trace.timed(std::string(layer) + "_fwd", before, 10)})};
  for (const char* layer : {"b", "a"}) {
    const auto back = trace.timed(std::string(layer) + "_bwd", before, 20);
    before = {trace.collective("r", TraceBytes::kAllReduce, 64, {back})};
    trace.collective("g", TraceBytes::kAllReduce, 4000, {trace.timed(std::string(layer) + "_bwd_wg", {back}, 10)});
  }
  const Draft draft = draft_of(alike(trace, 8));
  EXPECT_TRUE(says(draft, "which of them split layers (tp) and which samples (dp) is not in the trace"));
  EXPECT_EQ(draft.text("layout.dp"), "8");
}

// Each rank sends to the next and takes from the last: no stage is the first.
TEST(ChakraLayout, ARingIsNoPipeline) {
  std::vector<std::string> traces;
  for (std::uint64_t rank = 0; rank < 4; ++rank) {
    TraceBytes trace;
    const auto forward = trace.counted("a_fwd", {}, 10);
    trace.message_to((rank + 1) % 4, 64, {forward});
    const auto backward = trace.counted("a_bwd", {trace.message_from((rank + 3) % 4, 64, {})}, 20);
    trace.collective("g", TraceBytes::kAllReduce, 400, {backward});
    traces.push_back(trace.bytes());
  }
  const Draft draft = draft_of(traces);
  EXPECT_EQ(draft.text("layout.pp"), "1");
  EXPECT_EQ(draft.text("layout.dp"), "4");
  EXPECT_TRUE(says(draft, "the messages among 4 ranks form no chain"));
}

}  // namespace
}  // namespace orrery::interop

// Traces as ASTRA-sim's generators write them, in small: what is computed becomes a table, who
// exchanges what a layout.
#include <gtest/gtest.h>

#include <numeric>
#include <sstream>

#include "interop/import/import.h"
#include "tests/interop/import/chakra_graph.h"

namespace orrery::interop {
namespace {

using Needs = TraceBytes::Needs;

Result<Draft> imported_traces(const std::vector<std::string>& traces, const ImportOptions& options = {}) {
  std::vector<ForeignText> texts;
  for (std::size_t rank = 0; rank < traces.size(); ++rank)
    texts.push_back({"job." + std::to_string(rank) + ".et", traces[rank]});
  return import_texts(Foreign::chakra, texts, options, SearchPath({std::string(ORRERY_SOURCE_DIR) + "/scenarios"}));
}

Draft draft_of(const std::vector<std::string>& traces, const ImportOptions& options = {}) {
  const auto draft = imported_traces(traces, options);
  if (!draft) ADD_FAILURE() << to_string(draft.errors().front());
  return draft ? *draft : Draft{};
}

std::vector<std::string> alike(const TraceBytes& trace, std::size_t ranks) {
  return std::vector<std::string>(ranks, trace.bytes());
}

bool says(const Draft& draft, const std::string& what) {
  for (const std::string& text : draft.unresolved())
    if (text.find(what) != std::string::npos) return true;
  return false;
}

struct Row {
  std::string name;
  double operations = 0, parameters = 0, kept = 0, output = 0;
};

std::vector<Row> rows_of(const Draft& draft) {
  std::vector<Row> rows;
  std::istringstream lines(draft.table());
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("#") || line.starts_with("name,")) continue;
    for (char& c : line)
      if (c == ',') c = ' ';
    std::istringstream cells(line);
    rows.emplace_back();
    cells >> rows.back().name >> rows.back().operations >> rows.back().parameters >> rows.back().kept >>
        rows.back().output;
  }
  return rows;
}

double sum(const std::vector<Row>& rows, double Row::*of) {
  return std::accumulate(rows.begin(), rows.end(), 0.0, [&](double all, const Row& row) { return all + row.*of; });
}

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

TEST(Chakra, GroupsTellTheLayoutOfEveryShape) {
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
        if (dp > 1) {
          EXPECT_EQ(rows[0].parameters, 2000.0 * tp);
        }
      }
}

// Rank r of 4 has tp rank r / 2: neighbours hold the same layers' shares of other samples.
TEST(Chakra, MembersTellTheOrderOfRanks) {
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

TEST(Chakra, MoreGpusAreMoreReplicas) {
  GraphShape shape;
  shape.tp = 1, shape.dp = 2, shape.pp = 2;
  ImportOptions sixteen;
  sixteen.gpus = 16;
  const Draft draft = draft_of(graph(shape), sixteen);
  EXPECT_EQ(draft.text("cluster.gpus"), "16");
  EXPECT_EQ(draft.text("training.global_batch"), "16");  // two micro-batches for each of eight
  EXPECT_FALSE(draft.has("layout.dp"));                  // what remains
}

TEST(Chakra, StagesKeepTheirLayersAndWhatTheyHandOn) {
  GraphShape shape;
  shape.tp = 1, shape.dp = 2, shape.pp = 2;
  const Draft draft = draft_of(graph(shape));
  EXPECT_EQ(draft.text("pipeline.stage_layers"), "[2, 2]");
  EXPECT_EQ(rows_of(draft)[1].output, 4096);
  EXPECT_TRUE(says(draft, "optimizer"));
}

TEST(Chakra, ShardedParametersAreZero) {
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

TEST(Chakra, WhatATableCannotHoldIsSaid) {
  const Draft draft = draft_of(graph({}));
  EXPECT_TRUE(says(draft, "layers are split over 2 ranks (tp)"));
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
TEST(Chakra, OneGroupForLayersAndSamplesIsNotGuessed) {
  TraceBytes trace;
  Needs before;
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

// Layers of a table over tensor-parallel ranks.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>

#include "models/architecture/parameters.h"
#include "models/scenario/reader.h"
#include "tests/models/architecture/layer_probe.h"

namespace orrery::models {
namespace {

using sim::TransferKind;

const std::string kScenarios = std::string(ORRERY_SOURCE_DIR) + "/scenarios/";
constexpr std::int64_t kBatch = 4;

Result<Scenario> try_read(const std::string& file, const std::string& model, int tp, const std::string& more = "") {
  return parse_scenario("model: " + model + R"(
cluster: {preset: ideal, nodes: 1, gpus_per_node: )" +
                            std::to_string(tp) + R"(}
training: {sequence_length: 1, global_batch: 64, micro_batch: 4, precision: fp32}
software: ideal
layout: {tp: )" + std::to_string(tp) +
                            more + "}\n",
                        file);
}

std::string faults(const Result<Scenario>& scenario) {
  std::string all;
  if (!scenario.ok())
    for (const Error& error : scenario.errors()) all += to_string(error) + "\n";
  return all;
}

Scenario read(const std::string& model, int tp) {
  Result<Scenario> scenario = try_read(kScenarios + "some.yaml", model, tp);
  EXPECT_TRUE(scenario.ok()) << faults(scenario);
  return scenario.ok() ? *scenario : Scenario();
}

PieceWork work_of(const Scenario& s, int layer) {
  return piece_work(s, PieceKind::layer, layer, layer);
}

// A table that a test writes, in a folder of its own.
class OwnTable : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "split_table_" + testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  // Rows "name,input,output", of 8,000 operations, 64 parameters, 80 bytes kept and 40 handed on.
  Result<Scenario> try_table(const std::vector<std::string>& rows, int tp, const std::string& more = "") {
    std::ofstream file(folder_ + "/net.csv");
    file << "name,forward_flops,parameters,activation_bytes,output_bytes,input,output\n";
    for (const std::string& row : rows) {
      const auto comma = row.find(',');
      file << row.substr(0, comma) << ",8000,64,80,40" << row.substr(comma) << "\n";
    }
    file.close();
    return try_read(folder_ + "/some.yaml", "{layer_table: net.csv}", tp, more);
  }
  Scenario table(const std::vector<std::string>& rows, int tp) {
    Result<Scenario> scenario = try_table(rows, tp);
    EXPECT_TRUE(scenario.ok()) << faults(scenario);
    return scenario.ok() ? *scenario : Scenario();
  }

  std::string folder_;
};

struct Exchange {
  TransferKind kind;
  std::int64_t bytes;
  bool operator==(const Exchange&) const = default;
};
using Exchanges = std::vector<Exchange>;

void PrintTo(const Exchange& exchange, std::ostream* out) {
  *out << static_cast<int>(exchange.kind) << " of " << exchange.bytes;
}

Exchanges exchanges(const Steps& steps) {
  Exchanges all;
  for (const LayerStep& step : steps)
    if (step.kind == LayerStep::Kind::collective) all.push_back({step.collective, step.bytes.n});
  return all;
}

// Weights, their products, what is kept and what is handed on: the shares of tp ranks are the whole.
TEST(SplitTable, SharesOfAllRanksAddUp) {
  const std::vector<std::pair<std::string, int>> splits = {{"alexnet", 2},   {"vgg-16", 2}, {"vgg-16", 8},
                                                           {"resnet-50", 4}, {"gnmt-8", 4}, {"amoebanet-d", 2}};
  for (const auto& [model, tp] : splits) {
    const Scenario whole = read(model, 1), split = read(model, tp);
    for (int i = 0; i < whole.model.layers; ++i) {
      SCOPED_TRACE(model + " " + whole.model.table[static_cast<std::size_t>(i)].name);
      const PieceWork all = work_of(whole, i), share = work_of(split, i);
      EXPECT_EQ(share.output * tp, all.output);
      EXPECT_EQ(saved_bytes(share) * tp, saved_bytes(all));
      EXPECT_EQ(piece_parameters(split, PieceKind::layer, i).dense() * tp,
                piece_parameters(whole, PieceKind::layer, i).dense());
      for (const bool forward : {true, false}) {
        const double flops = gemm_flops(forward ? all.forward : all.backward, false);
        const double shares = tp * gemm_flops(forward ? share.forward : share.backward, false);
        EXPECT_NEAR(shares, flops, 0.02 * flops);
      }
    }
  }
}

// Krizhevsky et al., section 3.5: the third convolution and the products read what both GPUs have made, 13 x 13
// x 256, 6 x 6 x 256 and twice 4,096 values a picture; nothing else crosses. Backward, the gradients of the same.
TEST(SplitTable, AlexNetsGpusMeetBeforeFourLayers) {
  Scenario s = read("alexnet", 2);
  s.software.regather_inputs = false;
  std::int64_t met = 0;
  for (int i = 0; i < s.model.layers; ++i) {
    const PieceWork work = work_of(s, i);
    const std::string& name = s.model.table[static_cast<std::size_t>(i)].name;
    const std::int64_t values = name == "conv3" ? 13 * 13 * 256 : name == "fc6" ? 6 * 6 * 256 : 4096;
    const bool meets = name == "conv3" || name.starts_with("fc");
    const Exchanges forward = {{TransferKind::all_gather, kBatch * 4 * values}};
    const Exchanges backward = {{TransferKind::reduce_scatter, kBatch * 4 * values}};
    EXPECT_EQ(exchanges(work.forward), meets ? forward : Exchanges{}) << name;
    EXPECT_EQ(exchanges(work.backward), meets ? backward : Exchanges{}) << name;
    met += meets;
  }
  EXPECT_EQ(met, 4);
}

// A stack that keeps the gathered input keeps the others' parts of it; one that gathers again needs them twice.
TEST(SplitTable, GatheredInputsAreKeptOrGatheredAgain) {
  Scenario s = read("vgg-16", 4);
  const int conv = 1;  // behind conv1_1
  const std::int64_t input = kBatch * s.model.table[0].output.n;
  s.software.regather_inputs = true;
  const PieceWork again = work_of(s, conv);
  s.software.regather_inputs = false;
  const PieceWork kept = work_of(s, conv);
  EXPECT_EQ(bytes_of(again.backward, TransferKind::all_gather), input);
  EXPECT_EQ(bytes_of(kept.backward, TransferKind::all_gather), 0);
  EXPECT_EQ(saved_bytes(kept) - saved_bytes(again), input / 4 * 3);
  EXPECT_EQ(again.forward_transient - kept.forward_transient, Bytes{input / 4 * 3});
  EXPECT_EQ(again.backward_transient - kept.backward_transient, Bytes{input / 4 * 3});
}

// Megatron-LM's pair: a product split by columns, one split by rows, and the sum over ranks; with the sum cut
// (sequence parallelism) the same bytes, as twice the half.
TEST_F(OwnTable, ColumnsThenRowsSumOnceEachWay) {
  const std::int64_t bytes = kBatch * 40;
  const Exchanges none, sum = {{TransferKind::all_reduce, bytes}};
  const Exchanges gather = {{TransferKind::all_gather, bytes}}, cut = {{TransferKind::reduce_scatter, bytes}};
  const Scenario summed = table({"first,whole,sum", "columns,whole,own", "rows,own,sum"}, 2);
  EXPECT_EQ(exchanges(work_of(summed, 1).forward), none);
  EXPECT_EQ(exchanges(work_of(summed, 2).forward), sum);
  EXPECT_EQ(exchanges(work_of(summed, 2).backward), none);
  EXPECT_EQ(exchanges(work_of(summed, 1).backward), sum);
  EXPECT_EQ(work_of(summed, 2).output, Bytes{bytes});
  // Whole on every rank: the output; the rest of what is kept, in parts.
  EXPECT_EQ(saved_bytes(work_of(summed, 2)), kBatch * (40 + 20));

  Scenario cut_sums = table({"first,whole,scatter", "columns,whole,own", "rows,own,scatter"}, 2);
  cut_sums.software.regather_inputs = false;
  EXPECT_EQ(exchanges(work_of(cut_sums, 1).forward), gather);
  EXPECT_EQ(exchanges(work_of(cut_sums, 2).forward), cut);
  EXPECT_EQ(exchanges(work_of(cut_sums, 2).backward), gather);
  EXPECT_EQ(exchanges(work_of(cut_sums, 1).backward), cut);
  EXPECT_EQ(work_of(cut_sums, 2).output, Bytes{bytes / 2});
}

// A layer that every rank computes gathers its input, and each rank then has all of its output: the next one's
// gradient is summed for all, or put together from parts.
TEST_F(OwnTable, WholeLayersAreComputedByEveryRank) {
  const std::int64_t bytes = kBatch * 40;
  const Scenario s = table({"first,whole,own", "all,whole,whole", "next,whole,own"}, 2);
  EXPECT_EQ(exchanges(work_of(s, 1).forward), (Exchanges{{TransferKind::all_gather, bytes}}));
  EXPECT_EQ(bytes_of(work_of(s, 1).backward, TransferKind::reduce_scatter), 0);  // each cuts its part
  EXPECT_EQ(gemm_flops(work_of(s, 1).forward, false), kBatch * 8000);
  EXPECT_EQ(piece_parameters(s, PieceKind::layer, 1).tp_replicated, 64);
  EXPECT_EQ(exchanges(work_of(s, 2).forward), Exchanges{});
  EXPECT_EQ(exchanges(work_of(s, 2).backward), (Exchanges{{TransferKind::all_reduce, bytes}}));
  const Scenario parts = table({"first,whole,own", "all,whole,whole", "next,own,own"}, 2);
  EXPECT_EQ(exchanges(work_of(parts, 2).backward), (Exchanges{{TransferKind::all_gather, bytes}}));
}

// Columns that say what the absent ones mean change nothing; alone, no layer exchanges anything.
TEST_F(OwnTable, AbsentColumnsAreWholeAndOwn) {
  const Scenario s = table({"a,whole,own", "b,whole,own"}, 2), alone = table({"a,whole,sum", "b,own,scatter"}, 1);
  const TableLayer absent;
  for (const TableLayer& layer : s.model.table) {
    EXPECT_EQ(layer.reads, absent.reads);
    EXPECT_EQ(layer.makes, absent.makes);
  }
  for (int i = 0; i < 2; ++i)
    for (const Steps& steps : {work_of(alone, i).forward, work_of(alone, i).backward})
      EXPECT_EQ(exchanges(steps), Exchanges{});
}

TEST_F(OwnTable, RefusesWhatIsNotDivided) {
  const auto told = [&](const std::vector<std::string>& rows, int tp, const std::string& more = "") {
    return faults(try_table(rows, tp, more));
  };
  EXPECT_NE(told({"a,whole,own", "b,whole,own"}, 3)
                .find("tp 3 does not divide the 64 parameters of layer 'a', nor 1 "
                      "other layers"),
            std::string::npos);
  EXPECT_NE(told({"a,whole,whole", "b,4,own"}, 8).find("tp 8 does not divide the 4 groups of layer 'b'"),
            std::string::npos);
  EXPECT_EQ(told({"a,whole,whole"}, 3), "");
  EXPECT_NE(told({"a,whole,whole", "b,own,own"}, 16).find("the 40 output_bytes of layer 'a'"), std::string::npos);
  EXPECT_NE(told({"a,own,whole"}, 2).find("needs its input whole"), std::string::npos);
  EXPECT_NE(told({"a,half,own"}, 2).find("'half' is no input"), std::string::npos);
  EXPECT_NE(told({"a,1,own"}, 2).find("'1' is no input"), std::string::npos);
  EXPECT_NE(told({"a,whole,all"}, 2).find("'all' is no output"), std::string::npos);
  EXPECT_NE(told({"a,whole"}, 2).find("how it is split"), std::string::npos);
  EXPECT_NE(told({"a,whole,own"}, 4, ", tp_dimensions: 2d").find("must be 1d"), std::string::npos);
  EXPECT_NE(told({"a,whole,own"}, 2, ", by_layers: [{layers: 0, tp: 1}]").find("by_layers"), std::string::npos);
}

TEST_F(OwnTable, SequenceParallelismIsNoneOfATables) {
  const Result<Scenario> s = try_table({"a,whole,own"}, 2, ", sequence_parallel: true");
  ASSERT_TRUE(s.ok()) << faults(s);
  EXPECT_FALSE(s->layout.sequence_parallel);
  ASSERT_EQ(s->warnings.size(), 1u);
  EXPECT_NE(s->warnings[0].find("layer_table"), std::string::npos);
}

}  // namespace
}  // namespace orrery::models

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <string>

#include "models/architecture/flops.h"
#include "models/architecture/operators.h"
#include "models/architecture/parameters.h"
#include "models/scenario/reader.h"

namespace orrery::models {
namespace {

const std::string kFolder = std::string(ORRERY_SOURCE_DIR) + "/scenarios/";

Result<Scenario> try_read(const std::string& model, const std::string& more = "") {
  return parse_scenario("model: " + model + R"(
cluster: {preset: ideal, nodes: 1, gpus_per_node: 4}
training: {sequence_length: 1, global_batch: 64, micro_batch: 4, precision: fp32}
software: ideal
layout: {pp: 4, tp: 1)" + more +
                            "}\n",
                        kFolder + "some.yaml");
}

Scenario read(const std::string& model, const std::string& more = "") {
  Result<Scenario> scenario = try_read(model, more);
  EXPECT_TRUE(scenario.ok()) << (scenario.ok() ? "" : to_string(scenario.errors().front()));
  return scenario.ok() ? *scenario : Scenario();
}

// What torchvision counts for VGG-16 and ResNet-50; for AlexNet, the groups of its two GPUs.
TEST(LayerTable, ParametersAreThoseOfThePapersNetworks) {
  EXPECT_EQ(count_parameters(read("vgg-16").model).total, 138'357'544);
  EXPECT_EQ(count_parameters(read("alexnet").model).total, 60'965'224);
  EXPECT_EQ(count_parameters(read("resnet-50").model).total, 25'557'032);
  // By the arithmetic that gives the 82M to 1.8B of GPipe's table 1 for its other widths and depths.
  EXPECT_EQ(count_parameters(read("amoebanet-d").model).total, 122'470'120);
}

// 15.5 and 4.1 billion multiply-adds a picture of 224 x 224 (arXiv:1512.03385, table 1, tells 3.8 of ResNet-50
// with strides in the first convolution of a block).
TEST(LayerTable, OperationsAreThoseOfThePapersNetworks) {
  const auto multiply_adds = [](const std::string& model) {
    const Scenario s = read(model);
    return step_flops(s).model_causal.n / 3 / 64 / 2;
  };
  EXPECT_NEAR(multiply_adds("vgg-16"), 15.47e9, 0.01e9);
  EXPECT_NEAR(multiply_adds("resnet-50"), 4.09e9, 0.01e9);
}

// The products that stand for a layer do its operations, up to the rounding of their sides, forward once and
// backward twice; the first layer has no input to make a gradient of.
TEST(LayerTable, ProductsDoTheOperationsOfTheirLayer) {
  const Scenario s = read("vgg-16");
  const auto flops = [](const std::vector<LayerStep>& steps) {
    return std::accumulate(steps.begin(), steps.end(), 0.0,
                           [](double sum, const LayerStep& step) { return sum + step.kernel.flops().n; });
  };
  for (int i = 0; i < s.model.layers; ++i) {
    const PieceWork work = piece_work(s, PieceKind::layer, i, 0);
    const double forward = 4 * s.model.table[static_cast<std::size_t>(i)].forward_flops;
    if (s.model.table[static_cast<std::size_t>(i)].parameters == 0) continue;
    EXPECT_NEAR(flops(work.forward) / forward, 1, 0.01) << i;
    EXPECT_NEAR(flops(work.backward) / forward, i == 0 ? 1 : 2, 0.02) << i;
    EXPECT_EQ(flops(work.input_gradient) + flops(work.weight_gradient), flops(work.backward));
  }
}

// No other cut of the layers into as many runs has a lighter heaviest stage.
TEST(LayerTable, StagesAreCutSoThatTheHeaviestIsLightest) {
  for (const char* model : {"vgg-16", "alexnet", "resnet-50", "gnmt-8", "amoebanet-d"}) {
    const Scenario s = read(model);
    const auto& table = s.model.table;
    const auto weight = [&](std::size_t from, std::size_t to) {
      double sum = 0;
      for (; from < to; ++from) sum += table[from].forward_flops;
      return sum;
    };
    double best = 1e300;
    for (std::size_t a = 1; a < table.size(); ++a)
      for (std::size_t b = a + 1; b < table.size(); ++b)
        for (std::size_t c = b + 1; c < table.size(); ++c)
          best = std::min(best, std::max({weight(0, a), weight(a, b), weight(b, c), weight(c, table.size())}));
    double heaviest = 0;
    std::size_t first = 0;
    for (const int layers : s.pipeline.stage_layers) {
      EXPECT_GE(layers, 1);
      heaviest = std::max(heaviest, weight(first, first + static_cast<std::size_t>(layers)));
      first += static_cast<std::size_t>(layers);
    }
    EXPECT_EQ(first, table.size());
    EXPECT_NEAR(heaviest / best, 1, 1e-9) << model;
  }
}

// A layer computed again keeps what it reads in place of what it makes.
TEST(LayerTable, RematerializationKeepsInputs) {
  Scenario s = read("vgg-16");
  s.training.recompute.kind = Recompute::Kind::full;
  const PieceWork work = piece_work(s, PieceKind::layer, 3, 3);
  ASSERT_EQ(work.saved.size(), 1u);
  EXPECT_EQ(work.saved[0].bytes, s.model.table[2].output * 4);
}

TEST(LayerTable, RefusesWhatDoesNotSplitOrIsNotThere) {
  const auto told = [](const std::string& model, const std::string& more = "") {
    const Result<Scenario> result = try_read(model, more);
    std::string all;
    if (!result.ok())
      for (const Error& error : result.errors()) all += to_string(error) + "\n";
    return all;
  };
  EXPECT_NE(told("{layer_table: nowhere.csv}").find("cannot open the layer table"), std::string::npos);
  EXPECT_NE(told("{layer_table: models/tables/vgg-16.csv, hidden: 8}").find("no meaning beside a layer_table"),
            std::string::npos);
  EXPECT_NE(told("vgg-16", ", cp: 2").find("cp must be 1"), std::string::npos);
}

}  // namespace
}  // namespace orrery::models

#include "models/architecture/flops.h"

#include <gtest/gtest.h>

#include "models/architecture/parameters.h"
#include "tests/models/architecture/known_models.h"
#include "tests/models/architecture/megatron_arguments.h"
#include "tests/models/architecture/table.h"

namespace orrery::models {
namespace {

const std::string kMemoryData = std::string(ORRERY_SHARED_DATA) + "/memory/";

TEST(Flops, MegatronsOwnCountsComeOutExactly) {
  const std::vector<Row> rows = read_table(kMemoryData + "calc_megatron_flops.csv");
  if (rows.empty()) GTEST_SKIP() << "shared data memory/calc_megatron_flops.csv is not here";
  for (const Row& row : rows) {
    const ModelSpec model = model_from_megatron(nlohmann::json::parse(row.at("args")));
    const std::int64_t sequence = std::stoll(row.at("seq"));
    const double batch = std::stod(row.at("global_batch"));
    EXPECT_DOUBLE_EQ(3 * batch * forward_flops(model, sequence, model.vocab).causal(),
                     std::stod(row.at("flops_per_step")))
        << row.at("config");
  }
}

TEST(Flops, NanotronsOwnCountsComeOutExactly) {
  const std::vector<Row> rows = read_table(kMemoryData + "calc_nanotron_flops.csv");
  if (rows.empty()) GTEST_SKIP() << "shared data memory/calc_nanotron_flops.csv is not here";
  const auto number = [](const Row& row, const char* name) { return std::stoi(row.at(name)); };
  for (const Row& row : rows) {
    const ModelSpec model = llama(number(row, "layers"), number(row, "hidden"), number(row, "ffn"),
                                  number(row, "heads"), number(row, "kv_heads"), number(row, "vocab"));
    EXPECT_EQ(3 * forward_flops(model, number(row, "seq"), model.vocab).full(),
              std::stod(row.at("model_flops_per_sequence")))
        << row.at("config");
  }
}

// The 96 form counts every layer four times over, the logits three times.
TEST(Flops, TheFormOf2021IsTheFullCountAndOneMoreForwardOfTheLayers) {
  for (const ModelSpec& model : {gpt3_175b(), mt_nlg_530b(), gpt(128, 25600, 160)}) {
    const StepFlops step = step_flops(scenario_of(model, 2048));
    const ForwardFlops forward = forward_flops(model, 2048, 51200);
    EXPECT_NEAR(step.megatron_2021.n, step.model_full.n + forward.linear + forward.attention,
                1e-12 * step.megatron_2021.n);
  }
}

// arXiv:2104.04473, section 5.1: a step takes about 8 T P operations, and 96BsLh^2
// says so for its largest model (1.008T parameters, batch 3072).
TEST(Flops, TheFormOf2021IsAboutEightForEachParameterAndToken) {
  const double tokens = 3072.0 * 2048;
  const double per_token = megatron_2021_flops(gpt(128, 25600, 160), 2048, 3072, 51200).n / tokens;
  EXPECT_NEAR(per_token / 1.008e12, 8, 0.15);
}

// arXiv:2204.02311, appendix B.
TEST(Flops, PalmIsSixParametersAndTwelveTimesTheAttention) {
  const ModelSpec model = llama_8b();
  const double expected = 8192.0 * (6.0 * 8'030'261'248.0 + 12.0 * 32 * 32 * 128 * 8192.0);
  EXPECT_DOUBLE_EQ(palm_flops(model, 8192, 1).n, expected);
}

TEST(Flops, HardwareAddsOneForwardOfWhatIsRecomputed) {
  Scenario scenario = scenario_of(gpt3_175b(), 2048);
  const ForwardFlops forward = forward_flops(scenario.model, 2048, 51200);
  const double causal = 3 * forward.causal();
  EXPECT_EQ(step_flops(scenario).hardware.n, causal);

  scenario.training.recompute.kind = Recompute::Kind::full;
  const double layers = forward.linear + forward.attention / 2;
  EXPECT_DOUBLE_EQ(step_flops(scenario).hardware.n, causal + layers);

  scenario.training.recompute = {Recompute::Kind::full_layers, 24, {}};
  EXPECT_DOUBLE_EQ(step_flops(scenario).hardware.n, causal + layers / 4);
  scenario.layout.pp = 4;  // now 24 layers of each of the four pipeline ranks
  scenario.pipeline.stage_layers = std::vector<int>(8, 12);
  EXPECT_DOUBLE_EQ(step_flops(scenario).hardware.n, causal + layers);

  scenario.training.recompute = {Recompute::Kind::every, 2, {}};
  EXPECT_DOUBLE_EQ(step_flops(scenario).hardware.n, causal + layers / 2);
}

TEST(Flops, SelectiveRecomputesTheCoreUnlessItIsFlash) {
  Scenario scenario = scenario_of(gpt3_175b(), 2048);
  scenario.training.recompute.kind = Recompute::Kind::selective;
  const ForwardFlops forward = forward_flops(scenario.model, 2048, 51200);
  EXPECT_EQ(step_flops(scenario).hardware, step_flops(scenario).model_causal);
  scenario.training.attention = AttentionKind::unfused;
  EXPECT_DOUBLE_EQ(step_flops(scenario).hardware.n, 3 * forward.causal() + forward.attention / 2);
}

TEST(Flops, AWindowAsLongAsTheSequenceChangesNothing) {
  ModelSpec model = llama_8b();
  const double whole = forward_flops(model, 8192, 128256).attention;
  model.window = 8192;
  EXPECT_EQ(forward_flops(model, 8192, 128256).attention, whole);
  model.window = 4096;  // of the lower triangle 8192*4096 - 4096^2/2 pairs stay: three quarters
  EXPECT_EQ(forward_flops(model, 8192, 128256).attention, whole * 3 / 4);
}

}  // namespace
}  // namespace orrery::models

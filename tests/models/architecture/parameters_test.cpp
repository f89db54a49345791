#include "models/architecture/parameters.h"

#include <gtest/gtest.h>

#include "models/architecture/operators.h"
#include "tests/models/architecture/known_models.h"

namespace orrery::models {
namespace {

// Published sizes, to the last parameter where the source gives one.
TEST(Parameters, PublishedModelsHaveTheirPublishedSize) {
  EXPECT_EQ(count_parameters(llama_8b()).total, 8'030'261'248);  // Hugging Face model cards
  EXPECT_EQ(count_parameters(llama_70b()).total, 70'553'706'496);
  EXPECT_EQ(count_parameters(llama_405b()).total, 405'853'388'800);
  EXPECT_EQ(count_parameters(mixtral_8x7b()).total, 46'702'792'704);
  EXPECT_EQ(count_parameters(gpt(48, 1600, 25, 50257), 1024).total, 1'557'611'200);  // GPT-2 XL
  EXPECT_EQ(count_parameters(gpt(36, 1280, 20, 50257), 1024).total, 774'030'080);    // GPT-2 large
}

// arXiv:2104.04473, equation 2: P = 12 L h^2 (1 + 13/12h + (V + s)/12Lh), without
// the 2h of the last norm.
TEST(Parameters, GptFollowsTheClosedForm) {
  const double l = 96, h = 12288, v = 51200, s = 2048;
  const double closed = 12 * l * h * h * (1 + 13 / (12 * h) + (v + s) / (12 * l * h));
  const ParameterCount count = count_parameters(gpt3_175b(), 2048);
  EXPECT_DOUBLE_EQ(static_cast<double>(count.total - 2 * 12288), closed);
  EXPECT_EQ(count.head, 0);
  EXPECT_EQ(count.active, count.total);
}

// memory.md 1: 671.026B without the prediction module; 37.55B meet a token when
// both embeddings are counted.
TEST(Parameters, DeepSeekV3HasItsPublishedSize) {
  ModelSpec model = deepseek_v3();
  EXPECT_NEAR(static_cast<double>(count_parameters(model).total), 671.026e9, 0.0005e9);
  EXPECT_NEAR(static_cast<double>(count_parameters(model).active), 37.5523e9, 0.00005e9);
  EXPECT_EQ(count_parameters(model).mtp, 0);
  model.mtp_layers = 1;
  EXPECT_EQ(count_parameters(model).total, count_parameters(deepseek_v3()).total);
  EXPECT_NEAR(static_cast<double>(count_parameters(model).mtp), 11.6e9,
              0.1e9);  // 14B less shared embeddings: DeepSeek-V3 README
}

TEST(Parameters, MixtralActivates12Point88Billion) {
  EXPECT_NEAR(static_cast<double>(count_parameters(mixtral_8x7b()).active), 12.8799e9, 0.00005e9);
}

std::int64_t sum_over_ranks(const PieceParameters& piece, const LayoutSpec& layout) {
  return piece.tp_split * layout.tp + piece.tp_replicated + piece.positions + piece.experts * layout.ep * layout.etp;
}

std::int64_t sum_over_pieces(const Scenario& scenario) {
  std::int64_t sum = sum_over_ranks(piece_parameters(scenario, PieceKind::embedding, 0), scenario.layout);
  for (int layer = 0; layer < scenario.model.layers; ++layer)
    sum += sum_over_ranks(piece_parameters(scenario, PieceKind::layer, layer), scenario.layout);
  return sum + sum_over_ranks(piece_parameters(scenario, PieceKind::head, 0), scenario.layout);
}

TEST(Parameters, PiecesOverAllRanksAddUpToTheModel) {
  for (const ModelSpec& model : {llama_405b(), gpt3_175b(), mixtral_8x7b(), deepseek_v3()}) {
    for (const int tp : {1, 2, 8}) {
      Scenario scenario = scenario_of(model, 2048, tp);
      scenario.layout.ep = 8;
      EXPECT_EQ(sum_over_pieces(scenario), count_parameters(model, 2048).total) << model.layers << " layers, tp " << tp;
    }
  }
}

TEST(Parameters, MoreRanksThanKeyHeadsMeansCopies) {
  const Scenario fits = scenario_of(llama_8b(), 2048, 8), copies = scenario_of(llama_8b(), 2048, 16);
  const std::int64_t one_head_pair = 2 * 4096 * 128;
  EXPECT_EQ(2 * piece_parameters(copies, PieceKind::layer, 0).tp_split - one_head_pair,
            piece_parameters(fits, PieceKind::layer, 0).tp_split);
}

TEST(Parameters, TiedEmbeddingsAreCopiedToALastStageOfItsOwn) {
  Scenario scenario = scenario_of(gpt3_175b(), 2048, 8);
  EXPECT_EQ(piece_parameters(scenario, PieceKind::head, 0).tp_split, 0);
  scenario.layout.pp = 8;
  EXPECT_EQ(piece_parameters(scenario, PieceKind::head, 0).tp_split, 51200 / 8 * 12288);
}

TEST(Parameters, OnlyAVocabularyThatDoesNotDivideIsPadded) {
  LayoutSpec layout;
  ModelSpec model = gpt(12, 768, 12, 50257);
  EXPECT_EQ(padded_vocab(model, layout), 50257);
  layout.tp = 8;
  EXPECT_EQ(padded_vocab(model, layout), 51200);  // Megatron-LM's make-vocab-size-divisible-by 128, times 8
  model.vocab = 128256;
  EXPECT_EQ(padded_vocab(model, layout), 128256);
}

}  // namespace
}  // namespace orrery::models

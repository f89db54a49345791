#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "models/architecture/parameters.h"
#include "models/scenario/reader.h"

namespace orrery::models {
namespace {

// Sizes of the released weights, or of the paper where no weights are: what the
// preset's shape must add up to. `positions` is the learned table's length.
struct Published {
  const char* preset;
  std::int64_t total;
  double tolerance = 0;  // relative; 0 where the source counts every parameter
  int positions = 0;
};

constexpr Published kPublished[] = {
    // Safetensors headers of the models' pages.
    {"llama-2-7b", 6'738'415'616},
    {"llama-2-13b", 13'015'864'320},
    {"llama-2-70b", 68'976'648'192},
    {"llama-3.1-8b", 8'030'261'248},
    {"llama-3.1-70b", 70'553'706'496},
    {"llama-3.1-405b", 405'853'388'800},
    {"mixtral-8x7b", 46'702'792'704},
    {"qwen3-0.6b", 596'049'920},
    {"qwen3-1.7b", 1'720'574'976},
    {"qwen3-4b", 4'022'468'096},
    {"qwen3-8b", 8'190'735'360},
    {"qwen3-14b", 14'768'307'200},
    {"qwen3-32b", 32'762'123'264},
    {"qwen3-30b-a3b", 30'532'122'624},
    {"qwen3-235b-a22b", 235'093'634'560},
    {"gpt2", 124'439'808, 0, 1024},
    {"gpt2-medium", 354'823'168, 0, 1024},
    {"gpt2-large", 774'030'080, 0, 1024},
    {"gpt2-xl", 1'557'611'200, 0, 1024},
    // The same, from memory: that shapes add up to them to the last digit is what speaks for both.
    {"llama-3.2-1b", 1'235'814'400},
    {"llama-3.2-3b", 3'212'749'824},
    {"mistral-7b", 7'248'023'552},
    {"deepseek-v2", 235'741'434'880},
    {"qwen2.5-0.5b", 494'032'768},
    {"qwen2.5-1.5b", 1'543'714'304},
    {"qwen2.5-3b", 3'085'938'688},
    {"qwen2.5-7b", 7'615'616'512},
    {"qwen2.5-14b", 14'770'033'664},
    {"qwen2.5-32b", 32'763'876'352},
    {"qwen2.5-72b", 72'706'203'648},
    // BLOOM has one more norm behind its embedding; MPT's norms have no biases.
    {"bloom-176b", 176'247'271'424, 1e-6},
    {"mpt-7b", 6'649'286'656, 1e-4},
    {"mpt-30b", 29'957'150'720, 1e-4},
    // gpt-oss has a learned sink for each query head; totals from memory.
    {"gpt-oss-20b", 20'914'757'184, 1e-6},
    {"gpt-oss-120b", 116'829'156'672, 1e-6},
    {"mixtral-8x22b", 140'600'000'000, 1e-3},
    {"deepseek-v3", 671'026'000'000, 1e-6},
    {"kimi-k2", 1'040'000'000'000, 0.015},         // arXiv:2507.20534, table 2: 1.04 trillion
    {"grok-1", 314'000'000'000, 0.01},             // github.com/xai-org/grok-1
    {"nemotron-4-15b", 15'600'000'000, 3e-3},      // arXiv:2402.16819: 12.5 and 3.1 billion of embeddings
    {"nemotron-4-340b", 341'000'000'000, 1e-3},    // arXiv:2406.11704: 331.6 and 9.4 billion of embeddings
    {"gpt3-175b", 174'600'000'000, 5e-3, 2048},    // arXiv:2005.14165, table 2.1
    {"mt-nlg-530b", 529'600'000'000, 5e-3, 2048},  // arXiv:2201.11990
    // arXiv:2104.04473, table 1, in billions to one digit.
    {"megatron-1.7b", 1'700'000'000, 0.03, 2048},
    {"megatron-3.6b", 3'600'000'000, 0.02, 2048},
    {"megatron-7.5b", 7'500'000'000, 0.01, 2048},
    {"megatron-18.4b", 18'400'000'000, 5e-3, 2048},
    {"megatron-39.1b", 39'100'000'000, 5e-3, 2048},
    {"megatron-76.1b", 76'100'000'000, 2e-3, 2048},
    {"megatron-145.6b", 145'600'000'000, 1e-3, 2048},
    {"megatron-310.1b", 310'100'000'000, 1e-3, 2048},
    {"megatron-529.6b", 529'600'000'000, 1e-3, 2048},
    {"megatron-1008b", 1'008'000'000'000, 1e-3, 2048},
};

const SearchPath& presets() {
  static const SearchPath path = SearchPath::standard(ORRERY_SOURCE_DIR "/scenarios");
  return path;
}

TEST(Presets, HaveTheirPublishedSizes) {
  for (const Published& published : kPublished) {
    const Result<ModelSpec> model = read_model(published.preset, presets());
    ASSERT_TRUE(model.ok()) << published.preset;
    const auto expected = static_cast<double>(published.total);
    const auto total = static_cast<double>(count_parameters(*model, published.positions).total);
    EXPECT_LE(std::abs(total - expected), published.tolerance * expected)
        << published.preset << ": " << count_parameters(*model, published.positions).total;
  }
}

// A preset and the model's own configuration file describe one model.
TEST(Presets, AgreeWithTheirConfigurationFiles) {
  const std::string folder = std::string(ORRERY_SHARED_DATA) + "/interop/hf/";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "shared data interop/hf is not here";
  const std::pair<const char*, const char*> pairs[] = {
      {"llama-3.1-405b", "meta-llama--Meta-Llama-3.1-405B_config.json"},
      {"llama-3.1-70b", "meta-llama--Meta-Llama-3.1-70B_config.json"},
      {"llama-3.1-8b", "meta-llama--Meta-Llama-3.1-8B_config.json"},
      {"mixtral-8x7b", "mistralai--Mixtral-8x7B-v0.1_config.json"},
      {"deepseek-v3", "deepseek-ai--DeepSeek-V3_config.json"},
      {"gpt-oss-20b", "openai--gpt-oss-20b_config.json"},
      {"qwen3-8b", "Qwen--Qwen3-8B_config.json"},
      {"qwen3-30b-a3b", "Qwen--Qwen3-30B-A3B_config.json"},
      {"gpt2-large", "gpt2-large_config.json"}};
  for (const auto& [preset, file] : pairs) {
    const Result<ModelSpec> ours = read_model(preset, presets()), theirs = read_model(folder + file, presets());
    ASSERT_TRUE(ours.ok() && theirs.ok()) << preset;
    EXPECT_EQ(count_parameters(*ours).total, count_parameters(*theirs).total) << preset;
    EXPECT_EQ(count_parameters(*ours).active, count_parameters(*theirs).active) << preset;
  }
}

}  // namespace
}  // namespace orrery::models

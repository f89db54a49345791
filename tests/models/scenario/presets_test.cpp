// Every file that comes with the program reads.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "models/scenario/reader.h"

namespace orrery::models {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> files(const std::string& folder, const std::string& extension) {
  std::vector<fs::path> found;
  std::error_code none;
  for (fs::directory_iterator entry(folder, none), end; !none && entry != end; entry.increment(none))
    if (entry->path().extension() == extension) found.push_back(entry->path());
  std::sort(found.begin(), found.end());
  return found;
}

SearchPath source_data() {
  return SearchPath({ORRERY_SOURCE_DIR "/scenarios"});
}

std::string told(const Errors& errors) {
  std::string all;
  for (const Error& error : errors) all += to_string(error) + "\n";
  return all;
}

TEST(Presets, EveryModelReads) {
  const auto found = files(ORRERY_SOURCE_DIR "/scenarios/models", ".yaml");
  EXPECT_GE(found.size(), 40u);
  for (const fs::path& file : found) {
    std::vector<std::string> warnings;
    const Result<ModelSpec> model = read_model(file.stem().string(), source_data(), &warnings);
    EXPECT_TRUE(model.ok()) << (model ? "" : told(model.errors()));
    EXPECT_TRUE(warnings.empty()) << file << ": " << warnings.front();
  }
}

// Contract, section 6.
TEST(Presets, EverySoftwareOfTheContractReads) {
  for (const char* name : {"megatron-2020",
                           "megatron-2021",
                           "megatron-2022",
                           "megatron-core-2023",
                           "megatron-core-2024",
                           "megatron-core-2025",
                           "megatron-deepspeed-2022",
                           "deepspeed-2023",
                           "deepspeed-2024",
                           "torchtitan-2024",
                           "torchtitan-2025",
                           "llm-foundry-2023",
                           "internevo-2024",
                           "megascale-2024",
                           "meta-2024",
                           "deepseek-2024",
                           "simumax-b200-2026",
                           "mlperf-2023",
                           "mlperf-2024",
                           "nemo-automodel-2025",
                           "nanotron-2025",
                           "ideal"}) {
    const Result<Stack> stack = read_software(name, source_data());
    ASSERT_TRUE(stack.ok()) << told(stack.errors());
    EXPECT_EQ(stack->name, name);
  }
  for (const char* name : {"ideal", "megatron-2021", "megatron-2022", "megatron-core-2025"})
    EXPECT_TRUE(read_software(name, source_data())->worked_out) << name;
}

TEST(Presets, EveryReadyScenarioReads) {
  const auto found = files(ORRERY_SOURCE_DIR "/scenarios", ".yaml");
  EXPECT_GE(found.size(), 15u);
  for (const fs::path& file : found) {
    const Result<Scenario> scenario = read_scenario(file.string());
    EXPECT_TRUE(scenario.ok()) << (scenario ? "" : told(scenario.errors()));
  }
}

TEST(Presets, TheFormatsOwnExamplesRead) {
  for (const char* name : {"contract_example.yaml", "contract_inline.yaml"}) {
    const Result<Scenario> scenario = read_scenario(std::string(ORRERY_SOURCE_DIR "/tests/models/scenario/") + name);
    EXPECT_TRUE(scenario.ok()) << (scenario ? "" : told(scenario.errors()));
  }
}

// The example of the contract: 128 chunks for 126 layers, so that embedding and
// head weigh a layer each and the first and last chunk hold none.
TEST(Presets, TheContractsExampleIsCutIntoStagesByItsRule) {
  const Result<Scenario> scenario = read_scenario(ORRERY_SOURCE_DIR "/scenarios/llama-3.1-405b-8k-h100.yaml");
  ASSERT_TRUE(scenario.ok()) << told(scenario.errors());
  std::vector<int> expected(128, 1);
  expected.front() = expected.back() = 0;
  EXPECT_EQ(scenario->pipeline.stage_layers, expected);
  EXPECT_EQ(scenario->layout.gpus(), 8192);
  EXPECT_EQ(scenario->micro_batches(), 32);
}

TEST(HuggingFace, EveryConfigReads) {
  const auto configs = files(ORRERY_SHARED_DATA "/interop/hf", ".json");
  if (configs.empty()) GTEST_SKIP() << "shared data (interop/hf) is not here";
  for (const fs::path& file : configs) {
    const Result<ModelSpec> model = read_model(file.string(), source_data());
    EXPECT_TRUE(model.ok()) << (model ? "" : told(model.errors()));
  }
}

// What a config says is what the preset of the same model says.
TEST(HuggingFace, ConfigsAgreeWithOurPresets) {
  const std::vector<std::pair<std::string, std::string>> pairs = {{"meta-llama--Meta-Llama-3.1-405B", "llama-3.1-405b"},
                                                                  {"meta-llama--Meta-Llama-3.1-70B", "llama-3.1-70b"},
                                                                  {"meta-llama--Meta-Llama-3.1-8B", "llama-3.1-8b"},
                                                                  {"mistralai--Mixtral-8x7B-v0.1", "mixtral-8x7b"},
                                                                  {"deepseek-ai--DeepSeek-V3", "deepseek-v3"},
                                                                  {"Qwen--Qwen3-8B", "qwen3-8b"},
                                                                  {"Qwen--Qwen3-30B-A3B", "qwen3-30b-a3b"},
                                                                  {"gpt2-large", "gpt2-large"}};
  for (const auto& [config, preset] : pairs) {
    const std::string file = ORRERY_SHARED_DATA "/interop/hf/" + config + "_config.json";
    if (!fs::exists(file)) GTEST_SKIP() << "shared data (interop/hf) is not here";
    const Result<ModelSpec> theirs = read_model(file, source_data()), ours = read_model(preset, source_data());
    ASSERT_TRUE(theirs.ok() && ours.ok()) << preset;
    const auto shape = [](const ModelSpec& m) {
      return std::tuple(m.layers, m.hidden, m.ffn, m.heads, m.kv_heads, m.head_dim, m.vocab, m.activation, m.norm,
                        m.positions, m.tied_embeddings, m.bias, m.qkv_bias, m.qk_norm, m.window, m.mtp_layers);
    };
    EXPECT_EQ(shape(*theirs), shape(*ours)) << preset;
    ASSERT_EQ(theirs->moe.has_value(), ours->moe.has_value()) << preset;
    if (!ours->moe) continue;
    const auto experts = [](const MoeSpec& m) {
      return std::tuple(m.experts, m.top_k, m.ffn, m.shared_experts, m.dense_layers, m.every);
    };
    EXPECT_EQ(experts(*theirs->moe), experts(*ours->moe)) << preset;
  }
}

// Fields that change nothing of the shape are silent; others are told once.
TEST(HuggingFace, FieldsThatAreNotKnownAreToldInOneWarning) {
  const fs::path file = fs::temp_directory_path() / "orrery_config.json";
  FILE* out = std::fopen(file.c_str(), "w");
  std::fputs(
      R"({"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "vocab_size": 100, "rms_norm_eps": 1e-5,
                 "intermediate_size": 128, "hidden_act": "silu", "new_gadget": 3, "other_gadget": true, "use_cache": true})",
      out);
  std::fclose(out);
  std::vector<std::string> warnings;
  const Result<ModelSpec> model = read_model(file.string(), source_data(), &warnings);
  fs::remove(file);
  ASSERT_TRUE(model.ok()) << told(model.errors());
  EXPECT_EQ(warnings,
            std::vector<std::string>{"config.json: fields that were not understood: new_gadget, other_gadget"});
}

}  // namespace
}  // namespace orrery::models

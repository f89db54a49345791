#include "interop/import/import.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "models/scenario/reader.h"

namespace orrery::interop {
namespace {

SearchPath presets() {
  return SearchPath({std::string(ORRERY_SOURCE_DIR) + "/scenarios"});
}

std::string told(const Errors& errors) {
  std::string text;
  for (const Error& error : errors) text += to_string(error) + "\n";
  return text;
}

// The scenario as `orrery check` reads it; keys that are not simulated yet still read.
models::Scenario read(const Draft& draft) {
  models::ReadOptions all;
  all.refuse_unsupported = false;
  const std::string yaml = draft.yaml("a test");
  auto scenario = models::parse_scenario(yaml, std::string(ORRERY_SOURCE_DIR) + "/scenarios/imported.yaml", {}, all);
  if (!scenario) ADD_FAILURE() << told(scenario.errors()) << yaml;
  return scenario ? *scenario : models::Scenario{};
}

Draft imported(Foreign format, const std::string& text, const ImportOptions& options = {}) {
  const auto draft = import_texts(format, {{"file", text}}, options, presets());
  if (!draft) ADD_FAILURE() << told(draft.errors());
  return draft ? *draft : Draft{};
}

std::string faults(Foreign format, const std::string& text, const ImportOptions& options = {}) {
  const auto draft = import_texts(format, {{"file", text}}, options, presets());
  return draft ? "" : told(draft.errors());
}

bool tells(const Draft& draft, const std::string& what) {
  for (const std::string& text : draft.unresolved())
    if (text.find(what) != std::string::npos) return true;
  return false;
}

class Shared : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::is_directory(folder_)) GTEST_SKIP() << "shared data interop is absent";
  }
  Result<Draft> import(Foreign format, const std::vector<std::string>& names, const ImportOptions& options = {}) {
    std::vector<std::string> files;
    for (const std::string& name : names) files.push_back(folder_ + name);
    return import_files(format, files, options, presets());
  }
  models::Scenario scenario(Foreign format, const std::vector<std::string>& names, const ImportOptions& options = {}) {
    const auto draft = import(format, names, options);
    if (!draft) ADD_FAILURE() << told(draft.errors());
    return draft ? read(*draft) : models::Scenario{};
  }
  std::string refusal(Foreign format, const std::string& name) {
    const auto draft = import(format, {name});
    return draft ? "" : told(draft.errors());
  }

  const std::string folder_ = std::string(ORRERY_SHARED_DATA) + "/interop/";
};

// A script that is its own table of model sizes: the conditions choose one, and what it
// sources uses it. Numbers: Megatron-LM examples, the first row of that table.
TEST_F(Shared, MegatronFollowsConditionsAndSourcedFiles) {
  const auto s = scenario(Foreign::megatron, {"megatron/run_table_1.sh", "megatron/CONFIG.sh"});
  EXPECT_EQ(s.model.layers, 24);
  EXPECT_EQ(s.model.hidden, 2304);
  EXPECT_EQ(s.training.micro_batch, 16);
  EXPECT_EQ(s.training.global_batch, 512);
  EXPECT_EQ(s.layout.gpus(), 32);  // NNODES=4
  EXPECT_NE(refusal(Foreign::megatron, "megatron/CONFIG.sh")
                .find("'num-layers' is '${NLS}', which the file does not resolve"),
            std::string::npos);
}

// As a script names them, and as a log prints them.
TEST(Megatron, ModulesThatAreComputedAgain) {
  const std::string rest =
      " --num-layers 4 --hidden-size 1024 --num-attention-heads 8 --seq-length 1024 --num-experts 16 "
      "--moe-ffn-hidden-size 512 --expert-model-parallel-size 8 --micro-batch-size 1 --global-batch-size 64 "
      "--recompute-granularity selective --moe-enable-deepep --overlap-moe-expert-parallel-comm --recompute-modules ";
  const auto modules = [&](const std::string& named) {
    const models::Scenario s = read(imported(Foreign::megatron, rest + named, {16, "", ""}));
    EXPECT_TRUE(s.model.moe && s.model.moe->deduplicate);
    EXPECT_TRUE(s.overlap.expert_parallel);
    return s.training.recompute;
  };
  EXPECT_EQ(modules("core_attn").kind, models::Recompute::Kind::selective);
  EXPECT_EQ(modules("core_attn layernorm moe_act").modules, (std::vector<std::string>{"norm", "moe_act"}));
  EXPECT_EQ(modules("mla_up_proj mlp").modules, (std::vector<std::string>{"mla_up_proj", "mlp"}));
  EXPECT_TRUE(tells(imported(Foreign::megatron, rest + "moe shared_experts", {16, "", ""}), "shared_experts"));
}

// The fixture of ASTRA-sim's own examples: four ranks, one all-reduce of 1 MiB and nothing else.
TEST_F(Shared, AnAllReduceOfAstraSimIsAnsweredWithItsCommand) {
  EXPECT_NE(refusal(Foreign::chakra, "astra-sim/all_reduce_4npus_1MB")
                .find("orrery collective all-reduce --cluster dgx-h100 --gpus 4 --bytes 1048576"),
            std::string::npos);
}

TEST_F(Shared, MegatronReadsItsExamples) {
  const auto llama = scenario(Foreign::megatron, {"megatron/train_llama3_8b_h100_fp8.sh"});
  EXPECT_EQ(llama.model.layers, 32);
  EXPECT_EQ(llama.model.kv_heads, 8);
  EXPECT_EQ(llama.model.vocab, 128'256);
  EXPECT_EQ(llama.layout.gpus(), 8);
  EXPECT_EQ(llama.training.sequence_length, 8192);
  const auto gpt = scenario(Foreign::megatron, {"megatron/train_gpt3_175b_distributed.sh"}, {1024, "", ""});
  EXPECT_EQ(gpt.layout.pp, 16);
  EXPECT_EQ(gpt.layout.dp, 8);
  EXPECT_EQ(gpt.training.global_batch, 1536);
  const auto deepseek = scenario(Foreign::megatron, {"megatron/DeepSeek-R1.sh"});
  ASSERT_TRUE(deepseek.model.moe.has_value());
  EXPECT_EQ(deepseek.model.moe->experts, 256);
  EXPECT_EQ(deepseek.model.moe->dense_layers, 3);
  EXPECT_EQ(deepseek.model.moe->shared_experts, 1);
  (void)scenario(Foreign::megatron, {"megatron/Llama-3.1-8B-Instruct.sh"});
}

TEST_F(Shared, DeepSpeedNeedsAModelBesideIt) {
  for (const char* file : {"ds_config_func_bs4_zero1", "ds_config_func_bs8_zero2_offload", "ds_config_z3",
                           "template_zero2", "template_zero3"}) {
    SCOPED_TRACE(file);
    const std::string name = std::string("deepspeed/") + file + ".json";
    EXPECT_NE(refusal(Foreign::deepspeed, name).find("nothing says what the model is"), std::string::npos);
    (void)scenario(Foreign::deepspeed, {name, "hf/Qwen--Qwen3-8B_config.json"});
  }
  const auto z3 = scenario(Foreign::deepspeed, {"deepspeed/ds_config_z3.json", "hf/Qwen--Qwen3-8B_config.json"});
  EXPECT_EQ(z3.layout.zero, 3);
  EXPECT_EQ(z3.training.global_batch, 8);
  EXPECT_EQ(z3.model.layers, 36);
}

TEST_F(Shared, ATemplateIsNotJson) {
  const std::string told = refusal(Foreign::deepspeed, "deepspeed/ds_config_gpt_Zero2_TEMPLATE.json");
  EXPECT_NE(told.find("TEMPLATE.json:2:24: 'CONFIG_BATCH_SIZE' is not JSON"), std::string::npos) << told;
  EXPECT_NE(told.find("TEMPLATE.json:14:16: 'CONFIG_FP16_ENABLED' is not JSON"), std::string::npos) << told;
}

TEST_F(Shared, TorchTitanTakesItsShapesFromPresetsOrAConfig) {
  const auto llama = scenario(Foreign::torchtitan, {"torchtitan/llama3_405b.toml"});
  EXPECT_EQ(llama.model.layers, 126);
  EXPECT_EQ(llama.layout.gpus(), 128);  // "a preset for 128 H100 GPUs"
  EXPECT_EQ(llama.layout.tp, 8);
  EXPECT_EQ(llama.training.global_batch, 2 * 16);
  EXPECT_EQ(scenario(Foreign::torchtitan, {"torchtitan/llama3_8b.toml"}).layout.dp, 64);
  (void)scenario(Foreign::torchtitan, {"torchtitan/llama3_70b.toml"});
  EXPECT_NE(refusal(Foreign::torchtitan, "torchtitan/deepseek_v3_16b.toml").find("nothing says what the model is"),
            std::string::npos);
  const auto moe = scenario(Foreign::torchtitan,
                            {"torchtitan/deepseek_v3_16b.toml", "hf/Qwen--Qwen3-30B-A3B_config.json"}, {8, "", ""});
  EXPECT_EQ(moe.layout.ep, 8);
}

TEST_F(Shared, NemoResolvesItsReferences) {
  const auto gpt = scenario(Foreign::nemo, {"nemo/gpt3_175b.yaml"});
  EXPECT_EQ(gpt.model.ffn, 4 * 12'288);  // ${multiply:4, ${.hidden_size}}
  EXPECT_EQ(gpt.layout.gpus(), 1024);
  EXPECT_EQ(gpt.pipeline.virtual_stages, 6);
  EXPECT_EQ(gpt.micro_batches(), 2048 / 32);
  const auto llama = scenario(Foreign::nemo, {"nemo/llama_llama3_1_70b.yaml"});
  EXPECT_EQ(llama.model.kv_heads, 8);
  EXPECT_EQ(llama.layout.cp, 2);
  EXPECT_EQ(llama.layout.gpus(), 1024);
  EXPECT_EQ(scenario(Foreign::nemo, {"nemo/llama_llama3_8b.yaml"}).layout.gpus(), 128);
}

TEST_F(Shared, EveryConfigOfHuggingFaceIsAModel) {
  for (const auto& entry : std::filesystem::directory_iterator(folder_ + "hf")) {
    SCOPED_TRACE(entry.path().filename().string());
    const auto s = scenario(Foreign::hf, {"hf/" + entry.path().filename().string()});
    EXPECT_GT(s.model.layers, 0);
  }
}

TEST_F(Shared, TopologiesAreClusters) {
  const std::string topo = "../nccl-topo/";
  const auto h200 = scenario(Foreign::nccl_xml, {topo + "constructed-hgx-h200-8gpu-8nic-topo.xml"});
  EXPECT_EQ(h200.cluster.gpu.name, "h200-sxm-141gb");
  EXPECT_EQ(h200.layout.gpus(), 8);
  EXPECT_EQ(scenario(Foreign::nccl_xml, {topo + "constructed-hgx-h200-8gpu-8nic-topo.xml"}, {32, "", ""}).layout.gpus(),
            32);
  const auto p5 = scenario(Foreign::nccl_xml, {topo + "aws-p5.48xl-topo.xml"}, {16, "aws-p5", ""});
  EXPECT_EQ(p5.cluster.host.nics, 32);
  EXPECT_EQ(p5.layout.gpus(), 16);
  EXPECT_NE(refusal(Foreign::nccl_xml, topo + "azure-ndv4-topo.xml").find("holds no <nvlink>"), std::string::npos);
  EXPECT_NE(refusal(Foreign::nccl_xml, topo + "azure-ncv4-graph.xml").find("rings and trees"), std::string::npos);
}

TEST(Megatron, ReadsAPlainListOfArguments) {
  const Draft draft = imported(Foreign::megatron,
                               "--num-layers 4 --hidden-size=512 --num-attention-heads 8 --seq-length 128\n"
                               "--tensor-model-parallel-size 2 --swiglu --bf16 --use-distributed-optimizer\n",
                               {16, "dgx-h100", ""});
  const auto s = read(draft);
  EXPECT_EQ(s.model.hidden, 512);
  EXPECT_EQ(s.model.ffn, 1344);  // Megatron-LM: int(4 * 512 * 2 / 3 / 64) * 64
  EXPECT_EQ(s.model.vocab % (128 * 2), 0);
  EXPECT_EQ(s.layout.dp, 8);
  EXPECT_EQ(s.layout.zero, 1);
  EXPECT_NE(draft.yaml("x").find("ffn: 1344  # assumed: "), std::string::npos);
}

TEST(Megatron, ReadsTheArgumentsOfALog) {
  const auto s = read(imported(Foreign::megatron,
                               "------------------------ arguments ------------------------\n"
                               "  num_layers ...................................... 4\n"
                               "  hidden_size ..................................... 512\n"
                               "  num_attention_heads ............................. 8\n"
                               "  padded_vocab_size ............................... 1024\n"
                               "  bf16 ............................................ True\n"
                               "  world_size ...................................... 16\n"));
  EXPECT_EQ(s.model.vocab, 1024);
  EXPECT_EQ(s.layout.gpus(), 16);
}

TEST(Megatron, NothingOfAScriptIsRun) {
  const std::string mark = testing::TempDir() + "was-run";
  const Draft draft = imported(Foreign::megatron, "N=$(touch " + mark + "; echo 4)\n`touch " + mark +
                                                      "`\nfor i in 1 2; do N=$i; done\nif [ -f x ]; then N=2; fi\n"
                                                      "run --num-layers 4 --hidden-size 8 --num-attention-heads 1\n");
  EXPECT_FALSE(std::filesystem::exists(mark));
  EXPECT_TRUE(tells(draft, "file:3: a 'for' was left out"));
  EXPECT_TRUE(tells(draft, "file:4: a condition that only a run decides"));
}

TEST(Megatron, OptionsThatAreNotRepresentedAreTold) {
  const std::string script = "--num-layers 4 --hidden-size 8 --num-attention-heads 1 --something-new 3";
  EXPECT_TRUE(tells(imported(Foreign::megatron, script), "file:1: --something-new is not represented"));
  EXPECT_NE(faults(Foreign::megatron, "echo hello").find("holds no --num-layers"), std::string::npos);
  EXPECT_NE(faults(Foreign::megatron, script + " --seq-length \"open").find("file:1: a quote \" that never ends"),
            std::string::npos);
  EXPECT_NE(
      faults(Foreign::megatron, script + " --tensor-model-parallel-size 3", {8, "", ""}).find("8 GPUs are no multiple"),
      std::string::npos);
}

TEST(DeepSpeed, TheThirdOfThreeNumbersIsInferred) {
  const auto batch = [](const std::string& keys, std::int64_t gpus) {
    return read(
        imported(Foreign::deepspeed, "{" + keys + ", \"bf16\": {\"enabled\": true}}", {gpus, "", "llama-3.1-8b"}));
  };
  const auto micro = batch("\"train_batch_size\": 64, \"gradient_accumulation_steps\": 2", 8);
  EXPECT_EQ(micro.training.micro_batch, 4);
  const auto whole = batch("\"train_micro_batch_size_per_gpu\": 4, \"gradient_accumulation_steps\": 2", 8);
  EXPECT_EQ(whole.training.global_batch, 64);
  const auto gpus =
      batch("\"train_batch_size\": 64, \"train_micro_batch_size_per_gpu\": 4, \"gradient_accumulation_steps\": 2", 0);
  EXPECT_EQ(gpus.layout.gpus(), 8);
  EXPECT_NE(
      faults(Foreign::deepspeed,
             "{\"train_batch_size\": 60, \"train_micro_batch_size_per_gpu\": 4, \"gradient_accumulation_steps\": 2}",
             {8, "", "llama-3.1-8b"})
          .find("train_batch_size' is 60, no multiple of micro-batch 4 times accumulation 2 times 8 GPUs"),
      std::string::npos);
}

TEST(DeepSpeed, AutoIsNotResolved) {
  const Draft draft = imported(Foreign::deepspeed, R"({"train_batch_size": "auto", "zero_optimization": {"stage": 2}})",
                               {8, "", "llama-3.1-8b"});
  EXPECT_TRUE(tells(draft, "train_batch_size is \"auto\""));
}

TEST(Draft, WhatWasAssumedIsMarkedAndWhatWasNotIsNot) {
  Draft draft;
  draft.set("layout.tp", 8);
  draft.assume("layout.tp", 4, "never: it is set");
  draft.assume("layout.pp", 2, "a reason");
  draft.unresolved("a thing\nof two lines");
  EXPECT_EQ(draft.yaml("x"),
            "# Imported from x.\n# Values marked \"assumed\" are not in it: check them.\n# Not resolved:\n"
            "#   a thing of two lines\nschema_version: 1\nlayout:\n  tp: 8\n  pp: 2  # assumed: a reason\n");
}

}  // namespace
}  // namespace orrery::interop

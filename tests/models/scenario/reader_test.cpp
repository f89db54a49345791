#include "models/scenario/reader.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>

namespace orrery::models {
namespace {

constexpr std::string_view kSmall = R"(
model: {layers: 24, hidden: 2048, heads: 16, vocab: 50304}
cluster: {preset: dgx-h100, nodes: 2}
training: {sequence_length: 2048, global_batch: 64}
layout: {tp: 4, pp: 2}
software: ideal
)";

std::string told(const Result<Scenario>& result) {
  std::string all;
  if (!result)
    for (const Error& error : result.errors()) all += to_string(error) + "\n";
  return all;
}

Scenario read(const std::vector<Override>& overrides = {}, std::string_view text = kSmall) {
  Result<Scenario> scenario = parse_scenario(text, "small.yaml", overrides);
  EXPECT_TRUE(scenario.ok()) << told(scenario);
  return scenario ? *scenario : Scenario();
}

bool lists(const std::vector<std::string>& lines, const std::string& line) {
  return std::find(lines.begin(), lines.end(), line) != lines.end();
}

// As `orrery schedule` has it where -v is not given.
TEST(Defaults, OfVirtualStagesAreWhatTheScheduleUsuallyHas) {
  for (const auto& [schedule, chunks] : {std::pair{"1f1b", 1},
                                         {"zb-h1", 1},
                                         {"dualpipe", 1},
                                         {"zb-v", 2},
                                         {"interleaved-1f1b", 2},
                                         {"interleaved-zb1p", 2},
                                         {"looped-bfs", 2},
                                         {"hanayo", 2}}) {
    const Scenario s = read({{"pipeline.schedule", schedule}});
    EXPECT_EQ(s.pipeline.virtual_stages, chunks) << schedule;
    EXPECT_TRUE(lists(s.defaults_used, "pipeline.virtual_stages = " + std::to_string(chunks))) << schedule;
    EXPECT_EQ(s.pipeline.stage_layers.size(), 2U * static_cast<std::size_t>(chunks)) << schedule;
  }
  EXPECT_EQ(read({{"layout.pp", "1"}}).pipeline.virtual_stages, 1);
}

// The rules of contract section 1 and the comments of section 2.
TEST(Defaults, AreThoseOfTheContract) {
  const Scenario s = read();
  EXPECT_EQ(s.model.ffn, 4 * 2048);
  EXPECT_EQ(s.model.kv_heads, 16);
  EXPECT_EQ(s.model.head_dim, 128);
  EXPECT_EQ(s.model.activation, Activation::gelu);
  EXPECT_EQ(s.model.norm, Norm::layernorm);
  EXPECT_TRUE(s.model.tied_embeddings);
  EXPECT_TRUE(s.model.bias) << "true with layernorm and gelu";
  EXPECT_EQ(s.layout.dp, 2) << "what remains of 16 GPUs";
  EXPECT_TRUE(s.layout.sequence_parallel) << "tp is above 1";
  EXPECT_EQ(s.layout.etp, 4) << "tp, without expert parallelism";
  EXPECT_EQ(s.layout.cp_method, "ring_zigzag");
  EXPECT_EQ(s.pipeline.schedule, "1f1b");
  EXPECT_EQ(s.pipeline.stage_layers, (std::vector<int>{12, 12}));
  EXPECT_EQ(s.training.precision, Precision::bf16);
  EXPECT_EQ(s.training.optimizer, Optimizer::adam);
  EXPECT_EQ(s.training.gradients, GradientType::fp32);
  EXPECT_EQ(s.training.attention, AttentionKind::flash);
  EXPECT_EQ(s.micro_batches(), 32);
  EXPECT_EQ(s.name, "small");
}

TEST(Defaults, AreListedAndOnlyThey) {
  const Scenario s = read();
  for (const char* line :
       {"model.ffn = 8192", "layout.dp = 2", "layout.cp = 1", "training.precision = bf16",
        "layout.sequence_parallel = true", "pipeline.schedule = 1f1b", "overlap.pipeline = true (software ideal)"})
    EXPECT_TRUE(lists(s.defaults_used, line)) << line;
  for (const std::string& line : s.defaults_used) {
    EXPECT_FALSE(line.starts_with("layout.tp ")) << "written";
    EXPECT_FALSE(line.starts_with("model.layers ")) << "written";
  }
}

TEST(Defaults, WithoutPipelineThereIsNoSchedule) {
  EXPECT_EQ(read({{"layout.pp", "1"}}).pipeline.schedule, "none");
}

TEST(Defaults, SoftwareOfTodayIsTakenAndListed) {
  const std::string text(kSmall.substr(0, kSmall.find("software")));
  EXPECT_TRUE(lists(read({}, text).defaults_used, "software = megatron-core-2025"));
  EXPECT_TRUE(lists(read({{"layout.fsdp", "no_shard"}}, text).defaults_used, "software = torchtitan-2025"));
}

TEST(Defaults, AVocabularyThatTpDoesNotDivideIsListed) {
  const Scenario s = read({{"model.vocab", "50257"}});
  EXPECT_TRUE(lists(s.defaults_used, "model.vocab = 50257 padded, since tp 4 does not divide it"));
}

// DeepSpeed adds gradients up in fp16 under fp16, and in fp32 under bf16.
TEST(Defaults, AHabitMayHangOnThePrecision) {
  const auto gradients = [](const char* precision) {
    return read({{"software", "megatron-deepspeed-2022"}, {"training.precision", precision}}).training.gradients;
  };
  EXPECT_EQ(gradients("fp16"), GradientType::bf16);
  EXPECT_EQ(gradients("bf16"), GradientType::fp32);
  EXPECT_EQ(gradients("{compute: fp16, parameters: fp16}"), GradientType::bf16);
  EXPECT_EQ(gradients("fp32"), GradientType::fp32) << "no habit: the project's own rule";
  const auto written =
      read({{"software", "megatron-deepspeed-2022"}, {"training.precision", "fp16"}, {"training.gradients", "fp32"}});
  EXPECT_EQ(written.training.gradients, GradientType::fp32);
}

// --set, then the scenario, then the software preset, then the project.
TEST(Precedence, TheNearerWins) {
  const Scenario project = read();
  EXPECT_EQ(project.training.dropout, 0) << "ideal says nothing of dropout";
  const Scenario software = read({{"software", "megatron-2021"}});
  EXPECT_EQ(software.training.dropout, 0.1);
  EXPECT_EQ(software.training.attention, AttentionKind::unfused);
  EXPECT_FALSE(software.layout.sequence_parallel);
  const std::string written = std::string(kSmall) + "overlap: {gradients: true}\n";
  EXPECT_TRUE(read({{"software", "megatron-2021"}}, written).overlap.gradients);
  EXPECT_FALSE(read({{"overlap.gradients", "false"}}, written).overlap.gradients);
}

// Megatron-LM waits for its sends in plain 1F1B and overlaps them when interleaved.
TEST(Precedence, ASoftwareHabitMayHangOnTheSchedule) {
  EXPECT_FALSE(read({{"software", "megatron-core-2025"}}).overlap.pipeline);
  EXPECT_TRUE(read({{"software", "megatron-core-2025"},
                    {"pipeline.schedule", "interleaved-1f1b"},
                    {"pipeline.virtual_stages", "2"}})
                  .overlap.pipeline);
}

// A stack that waits for its sends cannot run what deadlocks so; a person who asks for both is told.
TEST(Precedence, AHabitOfSendsThatWaitYieldsToWhatCannotWait) {
  for (const char* software : {"megatron-core-2025", "megatron-2022", "simumax-b200-2026"}) {
    for (const char* schedule : {"zb-h1", "zb-h2", "zb-auto", "zb-v", "v-half", "dualpipe-v", "looped-bfs", "hanayo"}) {
      const Scenario s = read({{"software", software},
                               {"pipeline.schedule", schedule},
                               {"pipeline.virtual_stages", schedule[1] == 'b' && schedule[3] != 'v' ? "1" : "2"}});
      EXPECT_TRUE(s.overlap.pipeline) << software << ' ' << schedule;
    }
    EXPECT_FALSE(read({{"software", software}, {"pipeline.schedule", "gpipe"}}).overlap.pipeline) << software;
  }
  const auto asked = parse_scenario(kSmall, "a.yaml", {{"pipeline.schedule", "zb-h1"}, {"overlap.pipeline", "false"}});
  ASSERT_FALSE(asked.ok());
  EXPECT_NE(asked.errors().front().what.find("would deadlock"), std::string::npos) << asked.errors().front().what;
}

TEST(Set, ReachesAnyKey) {
  const Scenario s = read({{"layout.tp", "2"},
                           {"layout.order", "[tp, dp, cp, pp]"},
                           {"training.recompute", "{every: 2}"},
                           {"simulation.jitter.compute", "0.01"},
                           {"name", "set by hand"}});
  EXPECT_EQ(s.layout.tp, 2);
  EXPECT_EQ(s.layout.order, (std::vector<Axis>{Axis::tp, Axis::dp, Axis::cp, Axis::pp}));
  EXPECT_EQ(s.training.recompute.kind, Recompute::Kind::every);
  EXPECT_EQ(s.training.recompute.n, 2);
  EXPECT_EQ(s.name, "set by hand");
  EXPECT_FALSE(s.simulation.fold) << "jitter makes every rank different";
}

TEST(Set, BelowANameMakesItAPreset) {
  const std::string text = "model: llama-3.1-8b" + std::string(kSmall.substr(kSmall.find("\ncluster")));
  const Scenario s = read({{"model.layers", "16"}}, text);
  EXPECT_EQ(s.model.layers, 16);
  EXPECT_EQ(s.model.hidden, 4096);
  EXPECT_EQ(s.model.name, "llama-3.1-8b");
}

TEST(Set, FaultsNameTheOption) {
  const Result<Scenario> wrong =
      parse_scenario(kSmall, "small.yaml", {{"layout.tpp", "2"}, {"layout.pp", "x"}, {"", "1"}});
  const std::string all = told(wrong);
  EXPECT_NE(all.find("--set layout.tpp: unknown key 'tpp' in 'layout'; did you mean 'tp'?"), std::string::npos) << all;
  EXPECT_NE(all.find("--set layout.pp: 'pp': 'x' is not a whole number"), std::string::npos) << all;
  EXPECT_NE(all.find("a path such as layout.tp"), std::string::npos) << all;
}

TEST(Presets, AreOverriddenKeyByKey) {
  const std::string rest(kSmall.substr(kSmall.find("\ncluster")));
  const Scenario s = read({}, "model: {preset: llama-3.1-8b, layers: 16, bias: true}" + rest);
  EXPECT_EQ(s.model.layers, 16);
  EXPECT_TRUE(s.model.bias);
  EXPECT_EQ(s.model.ffn, 14336);
  ReadOptions all;
  all.refuse_unsupported = false;
  const Result<Scenario> moe = parse_scenario("model: {preset: mixtral-8x7b, moe: {experts: 16}}" + rest, "f", {}, all);
  ASSERT_TRUE(moe.ok()) << told(moe);
  EXPECT_EQ(moe->model.moe->experts, 16);
  EXPECT_EQ(moe->model.moe->top_k, 2) << "the rest of the preset's moe stays";
}

TEST(Presets, SoftwareThatOnlyInheritsSaysSo) {
  namespace fs = std::filesystem;
  const fs::path folder = fs::temp_directory_path() / ("orrery_software_" + std::to_string(getpid()));
  fs::create_directories(folder / "software");
  std::ofstream(folder / "software/heir.yaml") << "inherits: ideal\n";
  std::ofstream(folder / "software/own.yaml") << "inherits: ideal\nworked_out: true\nlaunch: 2us\n";
  const std::string beside = (folder / "small.yaml").string();
  const Result<Scenario> heir = parse_scenario(kSmall, beside, {{"software", "heir"}});
  const Result<Scenario> own = parse_scenario(kSmall, beside, {{"software", "own"}});
  fs::remove_all(folder);
  ASSERT_TRUE(heir.ok() && own.ok()) << told(heir) << told(own);
  EXPECT_EQ(heir->software.inherits, "ideal");
  EXPECT_TRUE(lists(heir->warnings, "software heir is not worked out yet; the habits of ideal stand for it"));
  EXPECT_EQ(own->software.launch, Duration::us(2));
  EXPECT_TRUE(own->software.worked_out);
  EXPECT_EQ(read({{"software", "{preset: ideal, launch: 3us}"}}).software.launch, Duration::us(3));
}

// A run of the same file by the same bytes must give the same scenario.
TEST(Reader, JsonIsYaml) {
  const Scenario s = read({}, R"({"model": {"layers": 24, "hidden": 2048, "heads": 16, "vocab": 50304},
    "cluster": {"preset": "dgx-h100", "nodes": 2}, "training": {"sequence_length": 2048, "global_batch": 64},
    "layout": {"tp": 4, "pp": 2}, "software": "ideal"})");
  EXPECT_EQ(s.layout.dp, 2);
}

TEST(Reader, SequenceParallelAtTpOneIsSwitchedOffWithAWarning) {
  const Scenario s = read({{"layout.tp", "1"}, {"layout.sequence_parallel", "true"}});
  EXPECT_FALSE(s.layout.sequence_parallel);
  EXPECT_TRUE(lists(s.warnings, "layout.sequence_parallel has no effect at tp 1"));
}

TEST(Reader, WhatHasNoEffectIsToldInAWarning) {
  const Scenario s =
      read({{"overlap.expert_parallel", "true"}, {"training.recompute", "[norm, mla_up_proj, moe_act]"}});
  EXPECT_TRUE(lists(s.warnings, "overlap.expert_parallel has no effect at ep 1"));
  EXPECT_TRUE(lists(s.warnings, "training.recompute: mla_up_proj has no effect without latent attention"));
  EXPECT_TRUE(lists(s.warnings, "training.recompute: moe_act has no effect without experts"));
  EXPECT_TRUE(
      lists(read({{"training.recompute", "[moe]"}}).warnings, "training.recompute: moe has no effect without experts"));
}

TEST(Reader, WhatNothingListensToIsToldWhereAPersonWroteIt) {
  const std::string bucket =
      "overlap.bucket_size has no effect where parameters are gathered unit by unit "
      "(fsdp, zero 3): a unit is a layer";
  EXPECT_TRUE(lists(read({{"overlap.bucket_size", "25000000"}, {"layout.fsdp", "full_shard"}}).warnings, bucket));
  EXPECT_FALSE(lists(read({{"overlap.bucket_size", "25000000"}, {"layout.zero", "1"}}).warnings, bucket));
  EXPECT_FALSE(lists(read({{"layout.fsdp", "full_shard"}}).warnings, bucket));

  const std::string gather =
      "training.precision: gather has no effect where replicas split nothing (zero 0, or one replica)";
  const std::string precision = "{compute: fp8, parameters: bf16, gather: fp8}";
  EXPECT_TRUE(lists(read({{"training.precision", precision}, {"layout.zero", "0"}}).warnings, gather));
  EXPECT_FALSE(lists(read({{"training.precision", precision}, {"layout.zero", "1"}}).warnings, gather));

  const std::string heads = "model.kv_heads has no effect beside latent attention, where every head has its own";
  const std::string latent = "{kind: mla, q_lora: 512, kv_lora: 256, rope_dim: 32, nope_dim: 64, v_dim: 64}";
  EXPECT_TRUE(lists(read({{"model.attention", latent}, {"model.kv_heads", "4"}}).warnings, heads));
  EXPECT_FALSE(lists(read({{"model.attention", latent}}).warnings, heads));
  EXPECT_FALSE(lists(read({{"model", "deepseek-v3"}, {"layout.tp", "1"}, {"layout.pp", "1"}}).warnings, heads));
}

TEST(Reader, RoutingThatChangesNothingIsToldInAWarning) {
  const auto warnings = [](const std::string& routing) {
    return read({{"model.moe", "{experts: 8, top_k: 2, ffn: 512, " + routing + "}"}}).warnings;
  };
  EXPECT_TRUE(lists(warnings("skew: 0.5"), "model.moe.skew has no effect where routing is balanced"));
  EXPECT_TRUE(
      lists(warnings("routing: zipf"), "model.moe.routing: zipf with skew 0 is balanced; skew 1 is Zipf's law"));
  EXPECT_TRUE(lists(warnings("routing: power-law, skew: 1, capacity_factor: 1"),
                    "model.moe.routing has no effect beside capacity_factor, which gives every expert as many slots, "
                    "filled or not"));
  EXPECT_TRUE(warnings("routing: zipf, skew: 1").empty());
}

// A format that the GPU has no peak for, with one that runs in its place.
TEST(Reader, APeakThatStandsForAnotherIsToldInAWarning) {
  EXPECT_TRUE(lists(read({{"training.precision", "mxfp8"}}).warnings,
                    "training.precision: the GPU h100-sxm-80gb does not multiply in mxfp8; fp8 and its peak stand for "
                    "it"));
  EXPECT_TRUE(read({{"training.precision", "mxfp8"}, {"cluster.preset", "dgx-b200"}}).warnings.empty());
  EXPECT_TRUE(lists(read({{"training.precision", "tf32"}, {"cluster.preset", "dgx-1v"}}).warnings,
                    "training.precision: the GPU v100-sxm2-16gb does not multiply in tf32; fp32 and its peak stand for "
                    "it"));
}

// Written gradients of 16 bits are reduced in 16; those of a stack's own are reduced as it does.
TEST(Precedence, WrittenGradientsSayWhatIsReduced) {
  const auto wide = [](const std::vector<Override>& overrides) { return read(overrides).software.reduce_in_fp32; };
  for (const char* software : {"megatron-core-2025", "torchtitan-2025", "megatron-2021"}) {
    EXPECT_TRUE(wide({{"software", software}})) << software;
    EXPECT_FALSE(wide({{"software", software}, {"training.gradients", "bf16"}})) << software;
    EXPECT_TRUE(wide({{"software", "{preset: " + std::string(software) + ", reduce_in_fp32: true}"},
                      {"training.gradients", "bf16"}}))
        << software;
  }
  EXPECT_TRUE(wide({{"software", "internevo-2024"}, {"training.gradients", "bf16"}})) << "its own are of 16 bits";
}

TEST(Reader, FewerKeyHeadsThanRanksAreCopied) {
  EXPECT_EQ(read({{"model.kv_heads", "2"}, {"layout.tp", "4"}}).model.kv_heads, 2);
}

TEST(Reader, UnsupportedKeysCanBeReadWhenNothingIsToBeRun) {
  ReadOptions all;
  all.refuse_unsupported = false;
  const Result<Scenario> s = parse_scenario(kSmall, "f", {{"serving", "{}"}, {"simulation.network", "chunk"}}, all);
  ASSERT_TRUE(s.ok()) << told(s);
  EXPECT_EQ(s->simulation.network, Network::chunk);
  EXPECT_EQ(unsupported_yet(*s).size(), 1u);
}

}  // namespace
}  // namespace orrery::models

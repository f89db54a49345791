#pragma once

#include "models/scenario/scenario.h"

// Models whose sizes are published, written out so that these tests hang on no
// preset file.
namespace orrery::models {

inline ModelSpec gpt(int layers, int hidden, int heads, int vocab = 51200) {
  ModelSpec model;
  model.layers = layers;
  model.hidden = hidden;
  model.ffn = 4 * hidden;
  model.heads = model.kv_heads = heads;
  model.head_dim = hidden / heads;
  model.vocab = vocab;
  return model;  // gelu, layernorm, learned positions, biases, tied embeddings
}

inline ModelSpec llama(int layers, int hidden, int ffn, int heads, int kv_heads, int vocab = 128256) {
  ModelSpec model;
  model.layers = layers;
  model.hidden = hidden;
  model.ffn = ffn;
  model.heads = heads;
  model.kv_heads = kv_heads;
  model.head_dim = hidden / heads;
  model.vocab = vocab;
  model.activation = Activation::swiglu;
  model.norm = Norm::rmsnorm;
  model.positions = Positions::rope;
  model.tied_embeddings = false;
  model.bias = false;
  return model;
}

inline ModelSpec gpt3_175b() {
  return gpt(96, 12288, 96);
}
inline ModelSpec mt_nlg_530b() {
  return gpt(105, 20480, 128);
}
inline ModelSpec llama_8b() {
  return llama(32, 4096, 14336, 32, 8);
}
inline ModelSpec llama_70b() {
  return llama(80, 8192, 28672, 64, 8);
}
inline ModelSpec llama_405b() {
  return llama(126, 16384, 53248, 128, 8);
}

inline ModelSpec mixtral_8x7b() {
  ModelSpec model = llama(32, 4096, 14336, 32, 8, 32000);
  model.moe.emplace();
  model.moe->experts = 8;
  model.moe->top_k = 2;
  model.moe->ffn = 14336;
  return model;
}

inline ModelSpec deepseek_v3() {
  ModelSpec model = llama(61, 7168, 18432, 128, 128, 129280);
  model.head_dim = 128;
  model.mla = MlaSpec{1536, 512, 64, 128, 128};
  model.moe.emplace();
  model.moe->experts = 256;
  model.moe->top_k = 8;
  model.moe->ffn = 2048;
  model.moe->shared_experts = 1;
  model.moe->dense_layers = 3;
  return model;
}

// One micro-batch of one sequence on one pipeline stage that holds every layer.
inline Scenario scenario_of(const ModelSpec& model, std::int64_t sequence, int tp = 1, bool sequence_parallel = false) {
  Scenario scenario;
  scenario.model = model;
  scenario.training.sequence_length = sequence;
  scenario.training.global_batch = 1;
  scenario.layout.tp = tp;
  scenario.layout.sequence_parallel = sequence_parallel;
  scenario.pipeline.stage_layers = {model.layers};
  return scenario;
}

}  // namespace orrery::models

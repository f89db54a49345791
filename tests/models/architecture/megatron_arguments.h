#pragma once

#include <nlohmann/json.hpp>

#include "tests/models/architecture/known_models.h"

namespace orrery::models {

// Megatron-LM's arguments as the table gives them; what a row leaves out is that
// of its Llama-3-70B base configuration.
inline ModelSpec model_from_megatron(const nlohmann::json& args) {
  ModelSpec model =
      llama(args.value("num_layers", 80), args.value("hidden_size", 8192), args.value("ffn_hidden_size", 28672),
            args.value("num_attention_heads", 64), 0, args.value("padded_vocab_size", 128256));
  model.kv_heads = args.value("group_query_attention", false) ? args.value("num_query_groups", 1) : model.heads;
  model.head_dim = args.value("kv_channels", model.hidden / model.heads);
  if (!args.value("swiglu", true)) model.activation = Activation::gelu;
  if (args.value("normalization", "RMSNorm") == "LayerNorm") model.norm = Norm::layernorm;
  model.tied_embeddings = !args.value("untie_embeddings_and_output_weights", true);
  model.mtp_layers = args.value("mtp_num_layers", 0);
  if (args.value("multi_latent_attention", false))
    model.mla = MlaSpec{args["q_lora_rank"], args["kv_lora_rank"], args["qk_pos_emb_head_dim"], args["qk_head_dim"],
                        args["v_head_dim"]};
  if (args.contains("num_experts")) {
    model.moe.emplace();
    model.moe->experts = args["num_experts"];
    model.moe->top_k = args["moe_router_topk"];
    model.moe->ffn = args["moe_ffn_hidden_size"];
    model.moe->shared_experts = args.value("moe_shared_expert_intermediate_size", 0) / model.moe->ffn;
    if (args.contains("moe_layer_freq"))
      for (const int is_moe : args["moe_layer_freq"]) model.moe->dense_layers += 1 - is_moe;
  }
  return model;
}

}  // namespace orrery::models

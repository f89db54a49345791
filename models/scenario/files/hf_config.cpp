#include "models/scenario/files/hf_config.h"

#include <algorithm>
#include <initializer_list>
#include <set>

namespace orrery::models {
namespace {

// Fields that say nothing of a layer's shape: tokens, generation, training
// recipes, scaling of positions, how a checkpoint was stored.
const std::set<std::string, std::less<>> kNoShape = {"_name_or_path",
                                                     "architectures",
                                                     "attention_dropout",
                                                     "attn_pdrop",
                                                     "auto_map",
                                                     "bos_token_id",
                                                     "embd_pdrop",
                                                     "eos_token_id",
                                                     "ep_size",
                                                     "initial_context_length",
                                                     "initializer_range",
                                                     "layer_norm_eps",
                                                     "layer_norm_epsilon",
                                                     "max_position_embeddings",
                                                     "max_window_layers",
                                                     "model_type",
                                                     "n_ctx",
                                                     "n_group",
                                                     "n_positions",
                                                     "norm_topk_prob",
                                                     "output_router_logits",
                                                     "pad_token_id",
                                                     "pretraining_tp",
                                                     "quantization_config",
                                                     "resid_pdrop",
                                                     "rms_norm_eps",
                                                     "rope_parameters",
                                                     "rope_scaling",
                                                     "rope_theta",
                                                     "routed_scaling_factor",
                                                     "router_aux_loss_coef",
                                                     "scoring_func",
                                                     "summary_activation",
                                                     "summary_first_dropout",
                                                     "summary_proj_to_labels",
                                                     "summary_type",
                                                     "summary_use_proj",
                                                     "swiglu_limit",
                                                     "task_specific_params",
                                                     "topk_group",
                                                     "topk_method",
                                                     "torch_dtype",
                                                     "dtype",
                                                     "transformers_version",
                                                     "use_cache",
                                                     "seq_aux",
                                                     "aux_loss_alpha",
                                                     "hidden_dropout",
                                                     "head_dim_original"};

// Reads fields of the config and remembers which, so that the rest can be told.
class Config {
 public:
  explicit Config(const Node& node) : node_(node) {}

  // The first of these fields that is there and not null.
  const Node* find(std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names) read_.emplace(name);
    for (const std::string_view name : names)
      if (const Node* found = node_.find(name); found && !found->is_null()) return found;
    return nullptr;
  }
  bool has(std::string_view name) { return find({name}) != nullptr; }
  std::string text(std::string_view name) {
    const Node* found = find({name});
    return found && found->is_scalar() ? found->text : std::string();
  }
  bool is_true(std::string_view name) { return text(name) == "true"; }
  const Where& where() const { return node_.where; }

  std::vector<std::string> unread() const {
    std::vector<std::string> names;
    for (const Node::Entry& entry : node_.entries)
      if (!read_.contains(entry.key) && !kNoShape.contains(entry.key)) names.push_back(entry.key);
    return names;
  }

 private:
  const Node& node_;
  std::set<std::string, std::less<>> read_;
};

// A mapping under construction.
struct Mapping {
  Node node;

  explicit Mapping(const Where& where) {
    node.kind = Node::Kind::map;
    node.where = where;
  }
  void set(const std::string& key, const Node* value) {
    if (!value) return;
    node.entries.push_back({key, value->where, *value});
  }
  void set(const std::string& key, const std::string& text) {
    Node value;
    value.kind = Node::Kind::scalar;
    value.text = text;
    value.where = node.where;
    node.entries.push_back({key, node.where, value});
  }
  void set(const std::string& key, const Mapping& value) { node.entries.push_back({key, node.where, value.node}); }
};

void set_sizes(Config& config, Mapping& model) {
  model.set("layers", config.find({"num_hidden_layers", "n_layer", "num_layers", "n_layers"}));
  model.set("hidden", config.find({"hidden_size", "n_embd", "d_model"}));
  model.set("heads", config.find({"num_attention_heads", "n_head", "n_heads"}));
  model.set("head_dim", config.find({"head_dim"}));
  model.set("vocab", config.find({"vocab_size"}));
  model.set("ffn", config.find({"intermediate_size", "n_inner", "ffn_hidden_size"}));
}

// "silu" and "gelu" name the function; whether a third matrix gates it is a
// matter of the family: those with an rms norm gate, GPT-2 and its kin do not.
std::string activation_of(Config& config, bool rms) {
  const Node* named = config.find({"hidden_act", "activation_function", "hidden_activation"});
  const std::string name = named ? named->text : "gelu";
  if (name == "silu" || name == "swish" || name == "swiglu") return "swiglu";
  if (name == "relu2" || name == "relu_squared") return "relu2";
  if (name == "relu") return "relu";
  return rms ? "geglu" : "gelu";
}

// GPT-2 and its kin leave the word out and tie; Llama's kin write it.
bool tied_by_default(bool rms) {
  return !rms;
}

void set_family(Config& config, Mapping& model, std::vector<std::string>& warnings) {
  const bool rms = config.has("rms_norm_eps");
  const bool rope = config.has("rope_theta") || config.has("rope_parameters") || rms;
  model.set("norm", rms ? "rmsnorm" : "layernorm");
  model.set("positions", config.is_true("alibi") ? "alibi" : rope ? "rope" : "learned");
  model.set("activation", activation_of(config, rms));
  const Node* tied = config.find({"tie_word_embeddings"});
  model.set("tied_embeddings", tied ? tied->text : tied_by_default(rms) ? "true" : "false");

  const std::string family = config.text("model_type");
  const bool attention_bias = config.is_true("attention_bias");
  const bool everywhere = !rms || config.is_true("mlp_bias") || (attention_bias && family == "gpt_oss");
  model.set("bias", everywhere ? "true" : "false");
  if (everywhere) return;
  // Qwen2 has these biases without saying so (transformers, modeling_qwen2.py).
  if (attention_bias || family == "qwen2" || family == "qwen2_moe") model.set("qkv_bias", "true");
  if (attention_bias) warnings.push_back("config.json: attention_bias is read as biases on queries, keys and values");
  // Qwen3 normalises queries and keys per head (transformers, modeling_qwen3.py).
  if (family == "qwen3" || family == "qwen3_moe") model.set("qk_norm", "true");
}

void set_attention(Config& config, Mapping& model, std::vector<std::string>& warnings) {
  const Node* kv_heads = config.find({"num_key_value_heads", "num_kv_heads"});
  Mapping attention(config.where());
  if (config.has("kv_lora_rank")) {
    attention.set("kind", "mla");
    if (const Node* rank = config.find({"q_lora_rank"})) attention.set("q_lora", rank);
    attention.set("kv_lora", config.find({"kv_lora_rank"}));
    attention.set("rope_dim", config.find({"qk_rope_head_dim"}));
    attention.set("nope_dim", config.find({"qk_nope_head_dim"}));
    attention.set("v_dim", config.find({"v_head_dim"}));
    model.set("attention", attention);
    return;
  }
  if (config.is_true("multi_query"))
    model.set("kv_heads", "1");
  else
    model.set("kv_heads", kv_heads);

  const Node* window = config.find({"sliding_window"});
  const Node* types = config.find({"layer_types"});
  const bool switched_off = config.text("use_sliding_window") == "false";
  const bool used = window && !switched_off;
  if (!used) return;
  const bool mixed = types && std::any_of(types->items.begin(), types->items.end(),
                                          [](const Node& type) { return type.text == "full_attention"; });
  if (mixed) {
    warnings.push_back("config.json: some layers attend to a window of " + window->text +
                       " tokens; all are read as full attention");
    return;
  }
  const Node* heads = config.find({"num_attention_heads"});
  const std::string kind = !kv_heads || (heads && heads->text == kv_heads->text) ? "mha"
                           : kv_heads->text == "1"                               ? "mqa"
                                                                                 : "gqa";
  attention.set("kind", kind);
  attention.set("window", window);
  model.set("attention", attention);
}

void set_experts(Config& config, Mapping& model, std::vector<std::string>& warnings) {
  const Node* experts = config.find({"num_local_experts", "num_experts", "n_routed_experts"});
  const Node* width = config.find({"moe_intermediate_size"});
  const Node* top_k = config.find({"num_experts_per_tok", "experts_per_token"});
  const Node* shared = config.find({"n_shared_experts"});
  const Node* leading = config.find({"first_k_dense_replace"});
  const Node* every = config.find({"decoder_sparse_step", "moe_layer_freq"});
  const Node* dense = config.find({"mlp_only_layers"});
  if (!experts || experts->text == "0" || experts->text == "1") return;
  Mapping moe(config.where());
  moe.set("experts", experts);
  moe.set("top_k", top_k);
  moe.set("ffn", width ? width : config.find({"intermediate_size"}));
  moe.set("shared_experts", shared);
  moe.set("dense_layers", leading);
  moe.set("every", every);
  model.set("moe", moe);
  if (dense && !dense->items.empty())
    warnings.push_back(
        "config.json: mlp_only_layers is not represented; every layer it names is read as one with experts");
}

}  // namespace

Result<Node> model_from_hf(const Node& given, std::vector<std::string>& warnings) {
  // Multimodal files keep the language model one level down.
  const Node* nested = given.find("text_config");
  Config config(nested && nested->is_map() ? *nested : given);
  if (!config.find({"hidden_size", "n_embd", "d_model"})) {
    Error error;
    error.where = given.where;
    error.what =
        "is not a Hugging Face config.json (no 'hidden_size' or 'n_embd') and not a model mapping (no 'layers')";
    return error;
  }
  Mapping model(config.where());
  set_sizes(config, model);
  set_family(config, model, warnings);
  set_attention(config, model, warnings);
  set_experts(config, model, warnings);
  model.set("mtp_layers", config.find({"num_nextn_predict_layers"}));

  std::string unread;
  for (const std::string& name : config.unread()) unread += (unread.empty() ? "" : ", ") + name;
  if (!unread.empty()) warnings.push_back("config.json: fields that were not understood: " + unread);
  return model.node;
}

}  // namespace orrery::models

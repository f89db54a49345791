#include "interop/import/megatron/model.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "interop/import/formats.h"

namespace orrery::interop {
namespace {

// Layers with experts among all: "[0]*3+[1]*58", "([0]*1+[1]*1)*4" is not understood.
std::optional<std::vector<std::int64_t>> layer_list(std::string_view text, std::int64_t most) {
  std::vector<std::int64_t> list;
  while (!text.empty()) {
    if (text.size() < 3 || text[0] != '[' || text[2] != ']' || (text[1] != '0' && text[1] != '1')) return std::nullopt;
    const std::int64_t kind = text[1] - '0';
    text.remove_prefix(3);
    std::int64_t times = 1;
    if (text.starts_with('*')) {
      const auto [end, fault] = std::from_chars(text.data() + 1, text.data() + text.size(), times);
      if (fault != std::errc() || times < 0) return std::nullopt;
      text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    }
    if (times > most - static_cast<std::int64_t>(list.size())) return std::nullopt;
    list.insert(list.end(), static_cast<std::size_t>(times), kind);
    if (text.starts_with('+')) text.remove_prefix(1);
  }
  return list;
}

void set_expert_layers(Settings& s, Draft& draft) {
  std::string text = s.text("moe-layer-freq").value_or("1");
  std::erase_if(text, [](char c) { return c == ' ' || c == '"' || c == '\''; });
  if (!text.starts_with('[')) {
    if (const auto every = s.count("moe-layer-freq")) draft.set("model.moe.every", *every);
    return;
  }
  const std::int64_t layers = draft.count("model.layers", 0);
  const auto list = layer_list(text, std::clamp<std::int64_t>(layers, 0, 100'000));
  const auto first = list ? std::find(list->begin(), list->end(), 1) : std::vector<std::int64_t>::const_iterator();
  if (!list || static_cast<std::int64_t>(list->size()) != layers || std::find(first, list->end(), 0) != list->end())
    return draft.unresolved("--moe-layer-freq " + text.substr(0, 80) +
                            " is more than leading dense layers; every layer is read as one with experts");
  draft.set("model.moe.dense_layers", first - list->begin());
}

void set_experts(Settings& s, Draft& draft) {
  const auto experts = s.count("num-experts");
  if (!experts) return;
  draft.set("model.moe.experts", *experts);
  if (const auto k = s.count("moe-router-topk"))
    draft.set("model.moe.top_k", *k);
  else
    draft.assume("model.moe.top_k", 2, "Megatron-LM's default");
  const auto width = s.count("moe-ffn-hidden-size");
  const std::int64_t ffn = width.value_or(draft.count("model.ffn", 0));
  if (ffn > 0) draft.set("model.moe.ffn", ffn);
  if (const auto shared = s.count("moe-shared-expert-intermediate-size"); shared && ffn > 0) {
    if (*shared % ffn == 0)
      draft.set("model.moe.shared_experts", *shared / ffn);
    else
      draft.unresolved("--moe-shared-expert-intermediate-size is no multiple of the width of an expert");
  }
  set_expert_layers(s, draft);
  if (const auto limit = s.count("moe-router-group-topk"))
    draft.assume("model.moe.node_limit", *limit, "a group of experts (--moe-router-group-topk) is a node");
  const std::string backend = s.text("moe-flex-dispatcher-backend").value_or("");
  if (s.flag("moe-enable-deepep") || backend == "deepep" || backend == "hybridep")
    draft.assume("model.moe.deduplicate", "true", "DeepEP sends a token to a node once");
  if (s.has("moe-expert-capacity-factor"))
    draft.set("model.moe.capacity_factor", yaml_text(s.text("moe-expert-capacity-factor").value_or("none")));
}

void set_attention(Settings& s, Draft& draft) {
  if (s.flag("multi-latent-attention")) {
    draft.set("model.attention.kind", "mla");
    const std::pair<const char*, const char*> ranks[] = {{"q-lora-rank", "q_lora"},
                                                         {"kv-lora-rank", "kv_lora"},
                                                         {"qk-pos-emb-head-dim", "rope_dim"},
                                                         {"qk-head-dim", "nope_dim"},
                                                         {"v-head-dim", "v_dim"}};
    for (const auto& [option, key] : ranks)
      if (const auto n = s.count(option)) draft.set(std::string("model.attention.") + key, *n);
    return;
  }
  if (const auto width = s.count("kv-channels")) draft.set("model.head_dim", *width);
  if (s.flag("group-query-attention"))
    if (const auto groups = s.count("num-query-groups")) draft.set("model.kv_heads", *groups);
  if (s.flag("qk-layernorm")) draft.set("model.qk_norm", "true");
  if (s.flag("add-qkv-bias")) draft.set("model.qkv_bias", "true");
}

std::string positions_of(Settings& s, Draft& draft) {
  const std::string kind = s.text("position-embedding-type").value_or("");
  if (kind == "rope" || s.flag("use-rotary-position-embeddings") || kind == "yarn" || kind == "mrope") return "rope";
  if (kind == "none") return "none";
  if (!kind.empty() && kind != "learned_absolute") draft.unresolved("--position-embedding-type " + kind);
  return "learned";
}

}  // namespace

void set_megatron_model(Settings& s, Draft& draft) {
  const std::pair<const char*, const char*> sizes[] = {
      {"num-layers", "model.layers"}, {"hidden-size", "model.hidden"}, {"num-attention-heads", "model.heads"}};
  for (const auto& [option, path] : sizes) {
    if (const auto n = s.count(option))
      draft.set(path, *n);
    else if (!s.has(option))
      s.fail(option, "is missing: a model needs it");
  }
  const bool gated = s.flag("swiglu") || s.has("quick-geglu");
  draft.set("model.activation", s.flag("swiglu")         ? "swiglu"
                                : s.flag("quick-geglu")  ? "geglu"
                                : s.flag("squared-relu") ? "relu2"
                                                         : "gelu");
  const std::int64_t hidden = std::clamp<std::int64_t>(draft.count("model.hidden", 0), 0, 10'000'000);
  if (const auto ffn = s.count("ffn-hidden-size"))
    draft.set("model.ffn", *ffn);
  else if (gated)
    draft.assume("model.ffn", hidden * 4 * 2 / 3 / 64 * 64, "Megatron-LM's default, two thirds of 4 * hidden");
  set_attention(s, draft);
  std::string norm = s.text("normalization").value_or("LayerNorm");
  draft.set("model.norm", norm == "RMSNorm" ? "rmsnorm" : "layernorm");
  draft.set("model.positions", positions_of(s, draft));
  draft.set("model.tied_embeddings", s.flag("untie-embeddings-and-output-weights") ? "false" : "true");
  draft.set("model.bias", s.flag("disable-bias-linear") ? "false" : "true");
  set_experts(s, draft);
  if (const auto layers = s.count("mtp-num-layers")) draft.set("model.mtp_layers", *layers);
}

void set_megatron_vocabulary(Settings& s, const std::string& tokenizer, Draft& draft) {
  const std::int64_t tp = std::clamp<std::int64_t>(draft.count("layout.tp", 1), 1, 1 << 20);
  const std::int64_t multiple =
      std::clamp<std::int64_t>(s.count("make-vocab-size-divisible-by").value_or(128), 1, 1 << 20) * tp;
  const auto padded = [&](std::int64_t n) { return (n + multiple - 1) / multiple * multiple; };
  if (const auto exact = s.count("padded-vocab-size")) return draft.set("model.vocab", *exact);
  if (const auto size = s.count("vocab-size"))
    return draft.set("model.vocab", padded(std::clamp<std::int64_t>(*size, 1, 10'000'000)));
  std::string name = s.text("tokenizer-model").value_or(tokenizer);
  if (vocabulary_of(name) == 0) name = tokenizer;
  if (vocabulary_of(name) == 0) name = s.text("tokenizer-type").value_or(s.has("vocab-file") ? "GPT2BPETokenizer" : "");
  const std::int64_t known = vocabulary_of(name);
  if (known > 0)
    draft.assume("model.vocab", padded(known), std::to_string(known) + " of " + name.substr(0, 80) + ", padded");
  else
    draft.assume("model.vocab", padded(50'257), "the file does not name its vocabulary; GPT-2's, padded");
}

}  // namespace orrery::interop

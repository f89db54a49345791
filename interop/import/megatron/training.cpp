#include "interop/import/megatron/training.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

namespace orrery::interop {
namespace {

void set_precision(Settings& s, Draft& draft) {
  const bool half = s.flag("fp16"), brain = s.flag("bf16");
  const std::string recipe = s.text("fp8-recipe").value_or("delayed");
  if (s.text("fp8-format") || s.text("fp8")) {
    const std::string compute = recipe == "tensorwise"  ? "fp8-current"
                                : recipe == "blockwise" ? "fp8-blockwise"
                                : recipe == "mxfp8"     ? "mxfp8"
                                                        : "fp8";
    if (s.has("fp8-param-gather"))
      draft.set("training.precision", "{compute: " + compute + ", gather: fp8}"), (void)s.flag("fp8-param-gather");
    else
      draft.set("training.precision", compute);
  } else if (half || brain) {
    draft.set("training.precision", half ? "fp16" : "bf16");
  } else {
    draft.assume("training.precision", "fp32", "neither --bf16 nor --fp16");
  }
  if (s.flag("grad-reduce-in-bf16"))
    draft.set("training.gradients", "bf16");
  else if (half && !s.flag("accumulate-allreduce-grads-in-fp32"))
    draft.assume("training.gradients", "bf16", "without --accumulate-allreduce-grads-in-fp32 they are two bytes");
  else
    draft.set("training.gradients", "fp32");
}

// "core_attn mla_up_proj" of a script, "['core_attn', 'mla_up_proj']" of a log, as our list; empty where nothing but
// the attention core is named.
std::string recomputed_modules(const std::string& named, Draft& draft) {
  constexpr std::pair<std::string_view, std::string_view> kModules[] = {
      {"layernorm", "norm"}, {"mla_up_proj", "mla_up_proj"}, {"moe_act", "moe_act"}, {"mlp", "mlp"}, {"moe", "moe"}};
  constexpr std::string_view kBetween = " ,'\"[]";
  std::string list;
  for (std::size_t at = 0; (at = named.find_first_not_of(kBetween, at)) != std::string::npos;) {
    const std::size_t end = std::min(named.find_first_of(kBetween, at), named.size());
    const std::string_view module = std::string_view(named).substr(at, end - at);
    at = end;
    const auto* known =
        std::find_if(std::begin(kModules), std::end(kModules), [&](const auto& each) { return each.first == module; });
    if (known != std::end(kModules))
      list += (list.empty() ? "" : ", ") + std::string(known->second);
    else if (module != "core_attn")
      draft.unresolved("--recompute-modules " + std::string(module.substr(0, 40)) + " has no counterpart here");
  }
  return list.empty() ? "" : "[" + list + "]";
}

void set_recompute(Settings& s, Draft& draft) {
  const std::string granularity = s.text("recompute-granularity").value_or("");
  const std::string method = s.text("recompute-method").value_or(s.text("activations-checkpoint-method").value_or(""));
  const auto layers = s.count("recompute-num-layers");
  if (granularity == "full" || s.has("activations-checkpoint-method") || s.flag("checkpoint-activations")) {
    if (method == "block" && layers)
      draft.set("training.recompute", "{full_layers: " + std::to_string(*layers) + "}");
    else if (layers && *layers > 1)
      draft.set("training.recompute", "{every: " + std::to_string(*layers) + "}");
    else
      draft.set("training.recompute", "full");
  } else if (granularity == "selective" || s.flag("recompute-activations")) {
    const std::string modules = recomputed_modules(s.text("recompute-modules").value_or(""), draft);
    draft.set("training.recompute", modules.empty() ? "selective" : modules);
  } else {
    draft.set("training.recompute", "none");
  }
}

}  // namespace

void set_megatron_training(Settings& s, Draft& draft) {
  if (const auto n = s.count("seq-length")) draft.set("training.sequence_length", *n);
  if (const auto n = s.count("micro-batch-size")) draft.set("training.micro_batch", *n);
  if (const auto n = s.count("global-batch-size")) draft.set("training.global_batch", *n);
  set_precision(s, draft);
  set_recompute(s, draft);
  const std::string optimizer = s.text("optimizer").value_or("adam");
  if (optimizer == "adam" || optimizer == "sgd" || optimizer == "muon") draft.set("training.optimizer", optimizer);
  const std::string backend = s.text("attention-backend").value_or("");
  if (backend == "unfused" || backend == "local")
    draft.set("training.attention", "unfused");
  else if (!backend.empty() || s.flag("use-flash-attn"))
    draft.set("training.attention", "flash");
  else
    draft.assume("training.attention", s.has("DDP-impl") ? "unfused" : "flash", "no --attention-backend");
  const auto dropout = s.number("hidden-dropout");
  if (dropout)
    draft.set("training.dropout", s.text("hidden-dropout").value_or("0"));
  else
    draft.assume("training.dropout", "0.1", "Megatron-LM's default");
}

}  // namespace orrery::interop

#include <algorithm>

#include "interop/import/formats.h"
#include "interop/import/interpolation.h"
#include "interop/import/megatron/model.h"

namespace orrery::interop {
namespace {

// NeMo's names for what Megatron-LM calls otherwise; the rest differ by dashes only.
constexpr std::pair<std::string_view, std::string_view> kRenamed[] = {
    {"encoder_seq_length", "seq-length"},
    {"num_moe_experts", "num-experts"},
    {"activations_checkpoint_granularity", "recompute-granularity"},
    {"activations_checkpoint_method", "recompute-method"},
    {"activations_checkpoint_num_layers", "recompute-num-layers"}};

// Every value of the file by its path, references resolved.
void put_resolved(const Node& node, const std::string& path, const Node& root, Settings& settings, Draft& draft) {
  for (const Node::Entry& entry : node.entries) {
    const std::string below = path + entry.key;
    if (entry.value.is_map()) {
      put_resolved(entry.value, below + ".", root, settings, draft);
      continue;
    }
    if (!entry.value.is_scalar() || entry.value.text == "null") continue;
    const std::string text = interpolate(entry.value.text, below, root);
    if (text.find("${") == std::string::npos)
      settings.put(below, text, entry.value.where);
    else if (below.starts_with("model.") || below.starts_with("trainer."))
      draft.unresolved(entry.value.where.file + ":" + std::to_string(entry.value.where.line) + ": " + below + " is " +
                       text.substr(0, 120));
  }
}

// The part of `model` that Megatron-LM would be told by options, in its words.
Settings as_megatron(Settings& s, const Node& root) {
  Settings options;
  const Node* model = root.find("model");
  if (!model) return options;
  for (const Node::Entry& entry : model->entries) {
    if (!s.has("model." + entry.key)) continue;
    const auto renamed =
        std::find_if(std::begin(kRenamed), std::end(kRenamed), [&](const auto& r) { return r.first == entry.key; });
    std::string name(renamed == std::end(kRenamed) ? std::string_view(entry.key) : renamed->second);
    std::replace(name.begin(), name.end(), '_', '-');
    options.put(std::move(name), *s.text("model." + entry.key), s.where("model." + entry.key));
  }
  return options;
}

// Options that Megatron-LM turns on by their presence and NeMo by a value.
void translate_model(Settings& s, Settings& options) {
  const std::string activation = s.text("model.activation").value_or("gelu");
  if (activation.ends_with("swiglu")) options.put("swiglu", "", s.where("model.activation"));
  if (activation.ends_with("geglu")) options.put("quick-geglu", "", s.where("model.activation"));
  if (activation == "squared-relu") options.put("squared-relu", "", s.where("model.activation"));
  if (s.text("model.normalization").value_or("") == "rmsnorm")
    options.put("normalization", "RMSNorm", s.where("model.normalization"));
  if (s.has("model.bias") && !s.flag("model.bias")) options.put("disable-bias-linear", "", s.where("model.bias"));
  if (s.has("model.num_query_groups")) options.put("group-query-attention", "", s.where("model.num_query_groups"));
  if (s.has("model.share_embeddings_and_output_weights") && !s.flag("model.share_embeddings_and_output_weights"))
    options.put("untie-embeddings-and-output-weights", "", s.where("model.share_embeddings_and_output_weights"));
  const std::string library = s.text("model.tokenizer.type").value_or("");
  if (!library.empty()) options.put("tokenizer-model", library, s.where("model.tokenizer.type"));
}

void set_training(Settings& s, Draft& draft) {
  if (const auto n = s.count("model.encoder_seq_length")) draft.set("training.sequence_length", *n);
  if (const auto n = s.count("model.micro_batch_size")) draft.set("training.micro_batch", *n);
  if (const auto n = s.count("model.global_batch_size")) draft.set("training.global_batch", *n);
  const std::string precision = s.text("trainer.precision").value_or("32");
  draft.set("training.precision", s.flag("model.fp8")                         ? "fp8"
                                  : precision.starts_with("bf16")             ? "bf16"
                                  : precision.find("16") != std::string::npos ? "fp16"
                                                                              : "fp32");
  const std::string granularity = s.text("model.activations_checkpoint_granularity").value_or("none");
  const auto layers = s.count("model.activations_checkpoint_num_layers");
  const bool block = s.text("model.activations_checkpoint_method").value_or("") == "block";
  if (granularity == "full" && block && layers)
    draft.set("training.recompute", "{full_layers: " + std::to_string(*layers) + "}");
  else
    draft.set("training.recompute", granularity == "full" ? "full" : granularity == "selective" ? "selective" : "none");
  if (s.has("model.hidden_dropout")) draft.set("training.dropout", s.text("model.hidden_dropout").value_or("0"));
  if (s.flag("model.use_flash_attention"))
    draft.set("training.attention", "flash");
  else
    draft.assume("training.attention", "flash", "Transformer Engine's");
}

void set_layout(Settings& s, Draft& draft) {
  const std::pair<const char*, const char*> degrees[] = {{"tensor_model_parallel_size", "layout.tp"},
                                                         {"context_parallel_size", "layout.cp"},
                                                         {"pipeline_model_parallel_size", "layout.pp"},
                                                         {"expert_model_parallel_size", "layout.ep"}};
  for (const auto& [key, path] : degrees)
    if (const auto n = s.count(std::string("model.") + key)) draft.set(path, *n);
  const bool wide = draft.count("layout.tp", 1) > 1;
  draft.set("layout.sequence_parallel", s.flag("model.sequence_parallel") && wide ? "true" : "false");
  const std::string optimizer = s.text("model.optim.name").value_or("");
  if (s.flag("model.fsdp"))
    draft.set("layout.fsdp", "full_shard");
  else
    draft.set("layout.zero", optimizer.find("distributed") != std::string::npos ? "1" : "0");
  if (draft.count("layout.pp", 1) > 1) {
    const std::int64_t chunks = s.count("model.virtual_pipeline_model_parallel_size").value_or(1);
    draft.set("pipeline.schedule", chunks > 1 ? "interleaved-1f1b" : "1f1b");
    if (chunks > 1) draft.set("pipeline.virtual_stages", chunks);
    if (s.has("model.overlap_p2p_comm"))
      draft.set("overlap.pipeline", s.flag("model.overlap_p2p_comm") ? "true" : "false");
  }
  if (s.has("model.optim.overlap_grad_sync"))
    draft.set("overlap.gradients", s.flag("model.optim.overlap_grad_sync") ? "true" : "false");
  if (s.has("model.optim.overlap_param_sync"))
    draft.set("overlap.parameters", s.flag("model.optim.overlap_param_sync") ? "true" : "false");
  if (s.has("model.ub_tp_comm_overlap"))
    draft.set("overlap.tensor_parallel", s.flag("model.ub_tp_comm_overlap") ? "true" : "false");
}

}  // namespace

Result<Imported> import_nemo(const std::vector<ForeignText>& texts) {
  const Result<Node> root = parse_document(texts[0].text, texts[0].file);
  if (!root) return root.errors();
  if (!root->find("model") || !root->find("model")->is_map())
    return Error{root->where, "is no configuration of NeMo: it has no 'model'"};
  Imported imported;
  Draft& draft = imported.draft;
  Settings settings;
  put_resolved(*root, "", *root, settings, draft);
  if (const auto name = settings.text("run.name")) draft.set("name", yaml_text(*name));
  Settings options = as_megatron(settings, *root);
  translate_model(settings, options);
  set_megatron_model(options, draft);
  set_layout(settings, draft);
  set_training(settings, draft);
  set_megatron_vocabulary(options, "", draft);
  const std::int64_t nodes = std::clamp<std::int64_t>(settings.count("trainer.num_nodes").value_or(0), 0, 1 << 20);
  const std::int64_t devices = std::clamp<std::int64_t>(settings.count("trainer.devices").value_or(8), 0, 4096);
  imported.gpus = nodes * devices;
  draft.assume("software", "megatron-core-2024", "NeMo's stack of that time");
  Errors faults = settings.faults();
  faults.insert(faults.end(), options.faults().begin(), options.faults().end());
  if (!faults.empty()) return faults;
  return imported;
}

}  // namespace orrery::interop

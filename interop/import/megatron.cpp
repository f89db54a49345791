#include <algorithm>

#include "interop/import/bash/script.h"
#include "interop/import/formats.h"
#include "interop/import/megatron_model.h"

namespace orrery::interop {
namespace {

// Options that say nothing of what a step costs: data, learning rate, logging, files;
// and those whose cost is the software's habit (fused kernels).
constexpr std::string_view kNoCost[] = {"accumulate-allreduce",
                                        "adam-",
                                        "apply-layernorm",
                                        "attention-dropout",
                                        "attention-softmax",
                                        "bias-",
                                        "calculate-",
                                        "ckpt-",
                                        "clip-grad",
                                        "cross-entropy",
                                        "data-",
                                        "dataloader",
                                        "decoupled-",
                                        "deterministic",
                                        "disable-log",
                                        "distributed-",
                                        "empty-",
                                        "eval-",
                                        "exit-",
                                        "finetune",
                                        "fp8-amax",
                                        "fp8-margin",
                                        "init-method",
                                        "initial-",
                                        "kv-channels",
                                        "load",
                                        "log-",
                                        "loss-scale",
                                        "lr",
                                        "manual-gc",
                                        "master",
                                        "max-position",
                                        "merge-file",
                                        "min-",
                                        "mock-data",
                                        "moe-aux",
                                        "moe-router",
                                        "moe-token",
                                        "moe-z",
                                        "mscale",
                                        "no-bias",
                                        "no-create",
                                        "no-gradient",
                                        "no-load",
                                        "no-masked",
                                        "no-mmap",
                                        "no-persist",
                                        "no-position",
                                        "no-rope",
                                        "no-save",
                                        "nnodes",
                                        "node",
                                        "norm-epsilon",
                                        "nproc",
                                        "num-workers",
                                        "override-",
                                        "profile",
                                        "qk-layernorm",
                                        "rampup",
                                        "rdzv",
                                        "rotary-",
                                        "save",
                                        "seed",
                                        "split",
                                        "step-batch",
                                        "tensorboard",
                                        "tiktoken",
                                        "timing",
                                        "tokenizer-",
                                        "train-",
                                        "transformer-impl",
                                        "use-mcore",
                                        "use-rope-scaling",
                                        "vocab-file",
                                        "wandb",
                                        "weight-decay"};

bool costs_nothing(std::string_view name) {
  return std::any_of(std::begin(kNoCost), std::end(kNoCost),
                     [&](std::string_view prefix) { return name.starts_with(prefix); });
}

// "--name value value": values up to the next option are one text.
void put_arguments(const std::vector<ScriptWord>& words, Settings& settings) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::string_view name = words[i].text;
    if (!name.starts_with("--") || name.size() < 3) continue;
    name.remove_prefix(2);
    std::string value;
    if (const std::size_t equals = name.find('='); equals != std::string_view::npos) {
      value = name.substr(equals + 1);
      name = name.substr(0, equals);
    }
    std::size_t next = i + 1;
    for (; next < words.size() && !words[next].text.starts_with("--") && !words[next].text.ends_with(".py"); ++next)
      value += (value.empty() ? "" : " ") + words[next].text;
    settings.put(std::string(name), std::string(value.substr(0, value.find_last_not_of(' ') + 1)), words[i].where);
    i = next - 1;
  }
}

// "  num_layers ........ 96" of a log's block of arguments. False options are left out.
bool put_log(const ForeignText& source, Settings& settings) {
  int line = 0;
  bool any = false;
  for (std::string_view rest = source.text; !rest.empty();) {
    std::string_view text = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(text.size() + 1, rest.size()));
    ++line;
    const std::size_t dots = text.find(" ...");
    const std::size_t value = dots == std::string_view::npos ? dots : text.find_first_not_of('.', dots + 1);
    if (value == std::string_view::npos || dots == 0 || value - dots < 8 || text[value] != ' ') continue;
    const std::size_t first = text.find_last_of(" :", dots - 1) + 1;  // 0 where nothing stands before it
    std::string name(text.substr(first, dots - first));
    std::replace(name.begin(), name.end(), '_', '-');
    std::string said(text.substr(std::min(text.find_first_not_of(' ', value), text.size())));
    said.resize(said.find_last_not_of(" \r") + 1);
    if (name.empty() || said == "None" || said == "False") continue;
    settings.put(std::move(name), said == "True" ? "" : said, {source.file, line, 1});
    any = true;
  }
  return any;
}

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

void set_training(Settings& s, Imported& imported) {
  Draft& draft = imported.draft;
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

void set_layout(Settings& s, Draft& draft) {
  const std::pair<const char*, const char*> degrees[] = {{"tensor-model-parallel-size", "layout.tp"},
                                                         {"context-parallel-size", "layout.cp"},
                                                         {"pipeline-model-parallel-size", "layout.pp"},
                                                         {"expert-model-parallel-size", "layout.ep"},
                                                         {"expert-tensor-parallel-size", "layout.etp"}};
  for (const auto& [option, path] : degrees)
    if (const auto n = s.count(option)) draft.set(path, *n);
  const bool wide = draft.count("layout.tp", 1) > 1;
  draft.set("layout.sequence_parallel", s.flag("sequence-parallel") && wide ? "true" : "false");
  if (s.flag("use-torch-fsdp2") || s.flag("use-megatron-fsdp"))
    draft.set("layout.fsdp", "full_shard");
  else
    draft.set("layout.zero", s.flag("use-distributed-optimizer") ? "1" : "0");
  const std::string exchange = s.text("cp-comm-type").value_or("");
  if (exchange == "all_gather") draft.set("layout.cp_method", "all_gather");
  if (exchange == "a2a") draft.set("layout.cp_method", "ulysses");
  if (exchange == "p2p") draft.set("layout.cp_method", "ring_zigzag");
  if (s.flag("use-tp-pp-dp-mapping")) draft.set("layout.order", "[tp, cp, ep, pp, dp]");
}

void set_pipeline(Settings& s, Draft& draft) {
  const std::int64_t pp = draft.count("layout.pp", 1), layers = draft.count("model.layers", 0);
  if (pp <= 1) return;
  std::int64_t chunks = s.count("num-virtual-stages-per-pipeline-rank").value_or(1);
  if (const auto per_stage = s.count("num-layers-per-virtual-pipeline-stage"); per_stage && *per_stage > 0) {
    if (layers % (pp * *per_stage) != 0)
      s.fail("num-layers-per-virtual-pipeline-stage", "times pp does not divide the layers");
    chunks = std::max<std::int64_t>(1, layers / (pp * *per_stage));
  }
  draft.set("pipeline.schedule", chunks > 1 ? "interleaved-1f1b" : "1f1b");
  if (chunks > 1) draft.set("pipeline.virtual_stages", chunks);
}

void set_overlap(Settings& s, Draft& draft) {
  draft.set("overlap.gradients", s.flag("overlap-grad-reduce") ? "true" : "false");
  draft.set("overlap.parameters", s.flag("overlap-param-gather") ? "true" : "false");
  draft.set("overlap.tensor_parallel", s.flag("tp-comm-overlap") ? "true" : "false");
  if (s.flag("overlap-moe-expert-parallel-comm")) draft.set("overlap.expert_parallel", "true");
  if (s.flag("no-overlap-p2p-communication")) draft.set("overlap.pipeline", "false");
  draft.assume("software", s.has("DDP-impl") ? "megatron-2021" : "megatron-core-2025",
               s.has("DDP-impl") ? "--DDP-impl is of that time" : "the stack of today");
}

// What the launcher is told, or what scripts usually call it.
std::int64_t world_of(Settings& s, const BashScript& script, std::string& why) {
  const auto of = [&](std::initializer_list<const char*> options, std::initializer_list<const char*> names) {
    for (const char* option : options)
      if (s.has(option))
        if (const auto n = s.count(option)) return *n;
    for (const char* name : names) {
      const std::string text = script.variable(name);
      if (!text.empty() && text.size() < 8 && text.find_first_not_of("0123456789") == std::string::npos)
        return static_cast<std::int64_t>(std::stoll(text));
    }
    return std::int64_t{0};
  };
  if (const std::int64_t world = of({"world-size"}, {"WORLD_SIZE"}); world > 0) return world;
  const std::int64_t nodes = of({"nnodes"}, {"NNODES", "NUM_NODES"});
  std::int64_t per_node = of({"nproc_per_node", "nproc-per-node"}, {"GPUS_PER_NODE"});
  if (nodes > 0 && per_node == 0) per_node = 8, why = std::to_string(nodes) + " nodes of eight GPUs";
  return std::clamp<std::int64_t>(nodes, 0, 1 << 20) * std::clamp<std::int64_t>(per_node, 0, 4096);
}

}  // namespace

Result<Imported> import_megatron(const std::vector<ForeignText>& texts) {
  BashScript script;
  Settings settings;
  Errors errors;
  for (const ForeignText& source : texts) {
    if (put_log(source, settings)) continue;
    Errors faults = script.read(source.text, source.file);
    errors.insert(errors.end(), faults.begin(), faults.end());
  }
  if (!errors.empty()) return errors;
  put_arguments(script.arguments(), settings);
  if (!settings.has("num-layers"))
    return Error{{}, "holds no --num-layers: neither a command line of Megatron-LM nor a log with its arguments"};

  Imported imported;
  set_megatron_model(settings, imported.draft);
  set_training(settings, imported);
  set_layout(settings, imported.draft);
  set_pipeline(settings, imported.draft);
  set_overlap(settings, imported.draft);
  set_megatron_vocabulary(settings, script.variable("TOKENIZER_MODEL"), imported.draft);
  imported.gpus = world_of(settings, script, imported.gpus_why);
  if (!settings.faults().empty()) return settings.faults();
  for (const std::string& note : script.notes()) imported.draft.unresolved(note);
  for (const std::string& name : settings.unread())
    if (!costs_nothing(name)) {
      const Where where = settings.where(name);
      imported.draft.unresolved(where.file + ":" + std::to_string(where.line) + ": --" + name + " is not represented");
    }
  return imported;
}

}  // namespace orrery::interop

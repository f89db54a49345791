#include <algorithm>

#include "interop/import/bash/script.h"
#include "interop/import/formats.h"
#include "interop/import/megatron/arguments.h"
#include "interop/import/megatron/model.h"
#include "interop/import/megatron/training.h"

namespace orrery::interop {
namespace {

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
  set_megatron_training(settings, imported.draft);
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

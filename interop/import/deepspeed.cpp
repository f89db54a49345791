#include <algorithm>

#include "interop/import/formats.h"

namespace orrery::interop {
namespace {

// Sections and keys that say nothing of what a step costs.
constexpr std::string_view kNoCost[] = {"steps_per_print",
                                        "gradient_clipping",
                                        "prescale_gradients",
                                        "wall_clock_breakdown",
                                        "scheduler.",
                                        "fp16.",
                                        "bf16.",
                                        "optimizer.params.",
                                        "zero_optimization.reduce_scatter",
                                        "zero_optimization.contiguous_gradients",
                                        "zero_optimization.allgather_partitions",
                                        "zero_optimization.allgather_bucket_size",
                                        "zero_optimization.stage3_gather_16bit_weights_on_model_save",
                                        "zero_optimization.sub_group_size",
                                        "zero_allow_untested_optimizer",
                                        "dump_state",
                                        "tensorboard.",
                                        "wandb.",
                                        "csv_monitor.",
                                        "flops_profiler.",
                                        "checkpoint.",
                                        "data_efficiency.",
                                        "seed"};

// JSON knows fewer scalars than YAML, which reads the text: numbers, true, false, null and
// texts in quotes. A template's placeholder is none of them.
void check_json(const Node& node, Errors& errors) {
  if (errors.size() >= 100) return;
  for (const Node& item : node.items) check_json(item, errors);
  for (const Node::Entry& entry : node.entries) check_json(entry.value, errors);
  if (!node.is_scalar() || node.quoted || node.text == "true" || node.text == "false") return;
  Settings number;
  number.put("value", node.text, node.where);
  if (!number.number("value"))
    errors.push_back(
        {node.where, "'" + node.text.substr(0, 80) + "' is not JSON: a placeholder of a template? Fill it in"});
}

// A value that DeepSpeed fills in by itself is as good as absent.
void put_settings(const Node& config, const std::string& prefix, Settings& settings, Draft& draft) {
  for (const Node::Entry& entry : config.entries) {
    const std::string path = prefix + entry.key;
    if (entry.value.is_map())
      put_settings(entry.value, path + ".", settings, draft);
    else if (entry.value.text == "auto")
      draft.unresolved(path + " is \"auto\": whoever calls DeepSpeed decides");
    else if (entry.value.is_scalar())
      settings.put(path, entry.value.text, entry.value.where);
  }
}

// train_batch_size = train_micro_batch_size_per_gpu * gradient_accumulation_steps * GPUs.
void set_batch(Settings& s, const ImportOptions& options, std::int64_t replica, Imported& imported) {
  const auto whole = s.count("train_batch_size"), micro = s.count("train_micro_batch_size_per_gpu");
  const auto steps = s.count("gradient_accumulation_steps");
  for (const char* key : {"train_batch_size", "train_micro_batch_size_per_gpu", "gradient_accumulation_steps"})
    if (const auto n = s.count(key); n && (*n < 1 || *n > (1 << 30))) return s.fail(key, "is out of range");
  Draft& draft = imported.draft;
  const std::int64_t given = options.gpus / replica;  // data-parallel ranks
  if (micro) draft.set("training.micro_batch", *micro);
  if (!whole) {
    imported.batch_sequences = micro ? *micro * steps.value_or(1) : 0;
    return;
  }
  draft.set("training.global_batch", *whole);
  const std::int64_t each = micro.value_or(1) * steps.value_or(1);
  const bool fits = given > 0 ? *whole % (each * given) == 0 : *whole % each == 0;
  if (!fits || (given > 0 && micro && steps && each * given != *whole))
    return s.fail("train_batch_size", "is " + std::to_string(*whole) + ", no multiple of micro-batch " +
                                          std::to_string(micro.value_or(1)) + " times accumulation " +
                                          std::to_string(steps.value_or(1)) +
                                          (given > 0 ? " times " + std::to_string(given) + " GPUs" : ""));
  if (given == 0) {
    imported.gpus = *whole / each * replica;
    const std::string one_each = micro ? "" : ", micro-batches of one sequence";
    if (!micro || !steps) imported.gpus_why = "train_batch_size" + one_each + (steps ? "" : ", one accumulation step");
  } else if (!micro && steps) {
    draft.set("training.micro_batch", *whole / (*steps * given));
  }
}

void set_precision(Settings& s, Draft& draft) {
  const bool brain = s.flag("bf16.enabled") || s.flag("bfloat16.enabled");
  const bool half = s.flag("fp16.enabled");
  if (brain || half)
    draft.set("training.precision", brain ? "bf16" : "fp16");
  else
    draft.assume("training.precision", "bf16", "neither bf16 nor fp16 is enabled here");
  const std::string sums = s.text("data_types.grad_accum_dtype").value_or("");
  if (sums.empty())
    draft.assume("training.gradients", "bf16", "ZeRO keeps gradients in the model's precision");
  else
    draft.set("training.gradients", sums == "fp32" ? "fp32" : "bf16");
  const std::string optimizer = s.text("optimizer.type").value_or("");
  if (optimizer == "SGD") draft.set("training.optimizer", "sgd");
  if (optimizer == "Muon") draft.set("training.optimizer", "muon");
  if (optimizer.ends_with("Adam") || optimizer == "AdamW") draft.set("training.optimizer", "adam");
  if (!optimizer.empty() && !draft.has("training.optimizer")) draft.unresolved("optimizer.type " + optimizer);
}

void set_zero(Settings& s, Draft& draft) {
  const std::string zero = "zero_optimization.";
  const std::int64_t stage = s.count(zero + "stage").value_or(0);
  if (stage < 0 || stage > 3) s.fail(zero + "stage", "is " + std::to_string(stage) + "; stages are 0 to 3");
  draft.set("layout.zero", stage);
  const std::string optimizer = s.text(zero + "offload_optimizer.device").value_or("none");
  const std::string parameters = s.text(zero + "offload_param.device").value_or("none");
  if (optimizer != "none" || s.flag(zero + "cpu_offload"))
    draft.set("layout.offload.optimizer", yaml_text(optimizer == "none" ? "cpu" : optimizer));
  if (parameters != "none") draft.set("layout.offload.parameters", yaml_text(parameters));
  if (const auto group = s.count(zero + "zero_hpz_partition_size"); group && *group > 1) {
    draft.set("layout.zeropp.hierarchical", "true");
    draft.set("layout.shard_group", *group);
  }
  if (s.flag(zero + "zero_quantized_weights")) draft.set("layout.zeropp.quantized_weights", "true");
  if (s.flag(zero + "zero_quantized_gradients")) draft.set("layout.zeropp.quantized_gradients", "true");
  if (s.has(zero + "overlap_comm"))
    draft.set("overlap.gradients", s.flag(zero + "overlap_comm") ? "true" : "false");
  else if (stage > 0)
    draft.assume("overlap.gradients", stage == 3 ? "true" : "false", "DeepSpeed's default at this stage");
  if (const auto bucket = s.count(zero + "reduce_bucket_size")) draft.set("overlap.bucket_size", *bucket);
}

}  // namespace

Result<Imported> import_deepspeed(const std::vector<ForeignText>& texts, const ImportOptions& options) {
  const Result<Node> config = parse_document(texts[0].text, texts[0].file);
  if (!config) return config.errors();
  if (!config->is_map()) return Error{config->where, "is no DeepSpeed configuration: it must be a JSON object"};
  Errors errors;
  check_json(*config, errors);
  if (!errors.empty()) return errors;

  Imported imported;
  Draft& draft = imported.draft;
  errors = set_model_beside(texts, draft);
  if (!errors.empty()) return errors;
  Settings settings;
  put_settings(*config, "", settings, draft);
  if (const auto tp = settings.count("tensor_parallel.autotp_size"); tp && *tp > 1 && *tp <= 4096)
    draft.set("layout.tp", *tp);
  if (const auto sp = settings.count("sequence_parallel_size"); sp && *sp > 1 && *sp <= 4096) {
    draft.set("layout.cp", *sp);
    draft.set("layout.cp_method", "ulysses");
  }
  set_precision(settings, draft);
  set_zero(settings, draft);
  set_batch(settings, options, draft.count("layout.tp", 1) * draft.count("layout.cp", 1), imported);
  draft.assume("software", "deepspeed-2023", "the file names no version, and no Liger kernels");
  if (!settings.faults().empty()) return settings.faults();
  for (const std::string& name : settings.unread()) {
    if (std::any_of(std::begin(kNoCost), std::end(kNoCost), [&](std::string_view p) { return name.starts_with(p); }))
      continue;
    const Where where = settings.where(name);
    draft.unresolved(where.file + ":" + std::to_string(where.line) + ": " + name + " is not represented");
  }
  return imported;
}

}  // namespace orrery::interop

#include <toml++/toml.h>

#include <algorithm>
#include <charconv>
#include <sstream>

#include "interop/import/formats.h"
#include "sim/base/text.h"

namespace orrery::interop {
namespace {

constexpr std::string_view kNoCost[] = {"job.",
                                        "profiling.",
                                        "metrics.",
                                        "lr_scheduler.",
                                        "checkpoint.",
                                        "validation.",
                                        "compile.",
                                        "quantize.",
                                        "optimizer.",
                                        "comm.",
                                        "training.max_norm",
                                        "training.steps",
                                        "training.dataset",
                                        "training.seed",
                                        "training.deterministic",
                                        "training.gc_freq",
                                        "model.hf_assets_path",
                                        "model.tokenizer_path",
                                        "activation_checkpoint.",
                                        "memory_estimation.",
                                        "fault_tolerance.",
                                        "experimental."};

// Scalars by "section.key"; of lists only whether a word is in them, as "section.key[word]".
void put_all(const toml::table& table, const std::string& prefix, const std::string& file, Settings& settings) {
  for (const auto& [key, node] : table) {
    const std::string path = prefix + std::string(key.str());
    const Where where{file, static_cast<int>(node.source().begin.line), static_cast<int>(node.source().begin.column)};
    if (const toml::table* section = node.as_table())
      put_all(*section, path + ".", file, settings);
    else if (const toml::array* list = node.as_array())
      for (const toml::node& item : *list) settings.put(path + "[" + item.value_or<std::string>("") + "]", "", where);
    else if (const auto text = node.value<std::string>())
      settings.put(path, *text, where);
    else if (const auto flag = node.value_exact<bool>())
      settings.put(path, *flag ? "true" : "false", where);
    else if (const auto whole = node.value_exact<std::int64_t>())
      settings.put(path, std::to_string(*whole), where);
    else if (const auto number = node.value<double>())
      settings.put(path, std::to_string(*number), where);
  }
}

// "# NOTE: this toml config is a preset for 128 H100 GPUs."
void read_hardware(std::string_view text, Imported& imported) {
  const std::size_t end = text.find(" GPUs");
  if (end == std::string_view::npos || text.rfind('#', end) == std::string_view::npos) return;
  const std::string_view line = text.substr(text.rfind('#', end), end - text.rfind('#', end));
  if (line.find('\n') != std::string_view::npos) return;
  const std::size_t space = line.rfind(' ');
  if (space == std::string_view::npos) return;
  const std::string_view before = line.substr(0, space);
  const std::string_view digits = before.substr(before.rfind(' ') + 1);
  std::int64_t count = 0;
  const auto [rest, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
  if (fault != std::errc() || rest != digits.data() + digits.size() || count < 1 || count > (4 << 20)) return;
  imported.gpus = count;
  imported.gpus_why = "a comment of the file";
  imported.gpu = line.substr(space + 1);
}

// The shape itself is in TorchTitan's code; presets have those that are published.
void set_model(Settings& s, const SearchPath& presets, Draft& draft) {
  const std::string name = s.text("model.name").value_or(""), flavor = s.text("model.flavor").value_or("");
  std::string size = flavor;
  for (char& c : size)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  std::string preset = name == "llama3" ? "llama-3.1-" + size : name == "qwen3" ? "qwen3-" + size : "";
  if (name == "deepseek_v3" && size == "671b") preset = "deepseek-v3";
  const std::vector<std::string> known = presets.names("models");
  if (std::find(known.begin(), known.end(), preset) != known.end())
    draft.assume("model", preset, "TorchTitan's " + name + " " + flavor);
  else if (!draft.has("model"))
    draft.unresolved("model " + name + " " + flavor + ": its shape is in TorchTitan's code");
}

void set_training(Settings& s, Imported& imported) {
  Draft& draft = imported.draft;
  if (const auto n = s.count("training.seq_len")) draft.set("training.sequence_length", *n);
  const std::int64_t local = std::clamp<std::int64_t>(s.count("training.local_batch_size").value_or(1), 1, 1 << 24);
  const auto micro = s.count("parallelism.pipeline_parallel_microbatch_size");
  draft.set("training.micro_batch", draft.count("layout.pp", 1) > 1 ? micro.value_or(1) : local);
  if (const auto whole = s.count("training.global_batch_size"); whole && *whole > 0)
    draft.set("training.global_batch", *whole);
  imported.batch_sequences = local;

  const bool gather = s.flag("quantize.linear.float8.enable_fsdp_float8_all_gather");
  if (s.flag("model.converters[float8]") || s.flag("model.converters[quantize.linear.float8]"))
    draft.set("training.precision", gather ? "{compute: fp8-current, gather: fp8}" : "fp8-current");
  else if (s.flag("model.converters[mx]") || s.flag("model.converters[quantize.linear.mx]"))
    draft.set("training.precision", "mxfp8");
  else
    draft.assume("training.precision", "bf16", "TorchTitan's default");
  const std::string optimizer = s.text("optimizer.name").value_or("AdamW");
  if (optimizer == "Adam" || optimizer == "AdamW") draft.set("training.optimizer", "adam");

  const std::string mode = s.text("activation_checkpoint.mode").value_or("selective");
  const std::string option = s.text("activation_checkpoint.selective_ac_option").value_or("2");
  if (mode != "selective")
    draft.set("training.recompute", mode == "full" ? "full" : "none");
  else if (option == "op")
    draft.set("training.recompute", "selective-op");
  else if (const auto every = s.count("activation_checkpoint.selective_ac_option").value_or(2); every >= 1)
    draft.set("training.recompute", "{every: " + std::to_string(every) + "}");
}

void set_sharding(Settings& s, Draft& draft) {
  const std::int64_t copies = s.count("parallelism.data_parallel_replicate_degree").value_or(1);
  const std::int64_t shards = s.count("parallelism.data_parallel_shard_degree").value_or(-1);
  draft.set("layout.fsdp", shards == 1 ? "no_shard" : copies > 1 ? "hybrid_shard" : "full_shard");
  if (copies > 1 && shards > 1) draft.set("layout.shard_group", shards);
  const std::string reshard = s.text("parallelism.fsdp_reshard_after_forward").value_or("default");
  if (reshard != "default" && shards != 1)
    draft.set("layout.reshard_after_forward", reshard == "always" ? "true" : "false");
}

void set_layout(Settings& s, Draft& draft) {
  const std::pair<const char*, const char*> degrees[] = {{"tensor_parallel_degree", "layout.tp"},
                                                         {"context_parallel_degree", "layout.cp"},
                                                         {"pipeline_parallel_degree", "layout.pp"},
                                                         {"expert_parallel_degree", "layout.ep"},
                                                         {"expert_tensor_parallel_degree", "layout.etp"}};
  for (const auto& [key, path] : degrees)
    if (const auto n = s.count(std::string("parallelism.") + key)) draft.set(path, *n);
  set_sharding(s, draft);
  if (s.flag("parallelism.enable_async_tensor_parallel")) draft.set("overlap.tensor_parallel", "true");
}

void set_pipeline(Settings& s, Draft& draft) {
  const std::string name = s.text("parallelism.pipeline_parallel_schedule").value_or("1F1B");
  (void)s.text("parallelism.pipeline_parallel_microbatch_size");
  if (draft.count("layout.pp", 1) <= 1) return;
  constexpr std::pair<std::string_view, const char*> kNames[] = {{"1F1B", "1f1b"},
                                                                 {"Interleaved1F1B", "interleaved-1f1b"},
                                                                 {"GPipe", "gpipe"},
                                                                 {"LoopedBFS", "looped-bfs"},
                                                                 {"InterleavedZeroBubble", "interleaved-zb1p"},
                                                                 {"ZBVZeroBubble", "zb-v"},
                                                                 {"DualPipeV", "dualpipe-v"}};
  const auto known = std::find_if(std::begin(kNames), std::end(kNames), [&](const auto& n) { return n.first == name; });
  if (known == std::end(kNames))
    return s.fail("parallelism.pipeline_parallel_schedule", "is '" + name + "', which is no schedule that is known");
  draft.set("pipeline.schedule", known->second);
  const bool chunked = name != "1F1B" && name != "GPipe";
  if (chunked) draft.assume("pipeline.virtual_stages", 2, "TorchTitan's default, two chunks a rank");
}

}  // namespace

Result<Imported> import_torchtitan(const std::vector<ForeignText>& texts, const SearchPath& presets) {
  const ForeignText& source = texts[0];
  if (const std::optional<Error> fault = check_encoding(source.text, source.file)) return *fault;
  Settings settings;
  try {
    put_all(toml::parse(source.text, source.file), "", source.file, settings);
  } catch (const toml::parse_error& fault) {
    const toml::source_position at = fault.source().begin;
    return Error{{source.file, static_cast<int>(at.line), static_cast<int>(at.column)},
                 "not TOML: " + std::string(fault.description())};
  }
  if (!settings.has("model.name") && !settings.has("training.seq_len"))
    return Error{{}, "is no configuration of TorchTitan: neither model.name nor training.seq_len"};
  Imported imported;
  Draft& draft = imported.draft;
  if (Errors errors = set_model_beside(texts, draft); !errors.empty()) return errors;
  if (!draft.has("model")) set_model(settings, presets, draft);
  for (const char* name : {"model.name", "model.flavor"}) (void)settings.text(name);
  read_hardware(source.text, imported);
  set_layout(settings, draft);
  set_training(settings, imported);
  set_pipeline(settings, draft);
  draft.assume("software", "torchtitan-2025", "the file does not name a version");
  if (!settings.faults().empty()) return settings.faults();
  for (const std::string& name : settings.unread()) {
    if (std::any_of(std::begin(kNoCost), std::end(kNoCost), [&](std::string_view p) { return name.starts_with(p); }))
      continue;
    draft.unresolved(source.file + ":" + std::to_string(settings.where(name).line) + ": " + name +
                     " is not represented");
  }
  return imported;
}

}  // namespace orrery::interop

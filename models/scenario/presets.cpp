#include <algorithm>
#include <filesystem>
#include <optional>

#include "models/scenario/files/hf_config.h"
#include "models/scenario/reader.h"
#include "models/scenario/reading.h"
#include "models/schedules/schedule.h"

namespace orrery::models {
namespace {

namespace fs = std::filesystem;

bool is_path(std::string_view name) {
  return name.ends_with(".json") || name.find('/') != std::string_view::npos;
}

// Relative paths are relative to the scenario, then to where the program runs.
std::string locate(const std::string& folder, const std::string& name) {
  std::error_code none;
  const fs::path beside = fs::path(folder) / name;
  return fs::exists(beside, none) ? beside.string() : name;
}

// ".../Llama-3.1-8B/config.json" and "Llama-3.1-8B_config.json" are both Llama-3.1-8B.
std::string name_of(const fs::path& file) {
  std::string name = file.stem().string();
  if (name == "config" && file.has_parent_path()) name = file.parent_path().filename().string();
  return name.substr(0, name.find("_config"));
}

// A fault of opening a file is told at the place that names the file.
Errors at_place(Errors errors, const Where& where) {
  for (Error& error : errors) {
    if (error.where.line > 0 || error.fault != Fault::io) continue;
    error.what = error.where.file + " " + error.what;
    error.where = where;
  }
  return errors;
}

Result<Node> read_config(const std::string& file, const Where& asked_at, std::vector<std::string>& warnings) {
  // A scenario may come from anywhere; a pipe or a device that it names is not waited for.
  std::error_code none;
  if (fs::exists(file, none) && !fs::is_regular_file(file, none)) {
    Error error;
    error.where = asked_at;
    error.what = file + " is not a file";
    error.fault = Fault::io;
    return error;
  }
  Result<Node> config = read_document(file);
  if (!config) return at_place(std::move(config).errors(), asked_at);
  if (config->find("layers")) return config;  // a model mapping of ours, by its path
  return model_from_hf(*config, warnings);
}

Result<Node> named_model(const std::string& name, const Where& asked_at, const std::string& folder,
                         const SearchPath& path, std::vector<std::string>& warnings) {
  if (is_path(name)) return read_config(locate(folder, name), asked_at, warnings);
  const Result<std::string> file =
      remembered(key_along("model's file " + name, path), [&] { return path.find("models", name, asked_at); });
  if (!file) return file.errors();
  return read_document(*file);
}

Node without(const Node& map, std::string_view key) {
  Node rest = map;
  std::erase_if(rest.entries, [&](const Node::Entry& entry) { return entry.key == key; });
  return rest;
}

bool differs(const Node& base, const Node& over, std::string_view key) {
  const Node* above = over.find(key);
  const Node* below = base.find(key);
  return above && (!below || below->text != above->text);
}

}  // namespace

Node merged(const Node& base, const Node& over) {
  if (!base.is_map() || !over.is_map() || differs(base, over, "kind") || differs(base, over, "preset")) return over;
  Node result = base;
  result.where = over.where;
  for (const Node::Entry& entry : over.entries) {
    const auto below = std::find_if(result.entries.begin(), result.entries.end(),
                                    [&](const Node::Entry& known) { return known.key == entry.key; });
    if (below == result.entries.end())
      result.entries.push_back(entry);
    else
      *below = {entry.key, entry.key_where, merged(below->value, entry.value)};
  }
  return result;
}

namespace {

// Of those who expect `name` to name one.
std::optional<Error> preset_by_name(const Reading& reading, const Node& node) {
  const Node* name = node.find("name");
  if (!name || !name->is_scalar() || !reading.path.find("models", name->text, name->where)) return std::nullopt;
  return Error{name->where, "a preset is named by 'model: " + name->text + "', or by 'preset: " + name->text +
                                "' where other keys stand beside it"};
}

}  // namespace

Result<Node> resolve_model(Reading& reading, const Node& node) {
  const Node* preset = node.is_scalar() ? &node : node.find("preset");
  if (!preset) {
    if (const auto error = preset_by_name(reading, node)) return *error;
    return node;
  }
  if (!preset->is_scalar()) {
    Error error;
    error.where = preset->where;
    error.what = "'preset' must be a name, but is " + std::string(describe(*preset));
    return error;
  }
  reading.model_is_named = true;
  reading.scenario.model.name = is_path(preset->text) ? name_of(preset->text) : preset->text;
  Result<Node> base = named_model(preset->text, preset->where, reading.folder, reading.path, reading.scenario.warnings);
  if (!base || node.is_scalar()) return base;
  return merged(*base, without(node, "preset"));
}

Result<ModelSpec> read_model(const std::string& name_or_path, const SearchPath& path,
                             std::vector<std::string>* warnings) {
  Reading reading(path);
  Node name;
  name.kind = Node::Kind::scalar;
  name.text = name_or_path;
  Result<Node> node = resolve_model(reading, name);
  if (!node) return std::move(node).errors();
  read_section(reading, "model", with_layer_table(reading, std::move(*node)));
  if (reading.errors.empty()) derive_model(reading);
  if (!reading.errors.empty()) return reading.errors;
  if (warnings) *warnings = reading.scenario.warnings;
  return reading.scenario.model;
}

namespace {

// A section of the scenario, made when nobody wrote it.
Node& section_of(Node& root, const std::string& name) {
  for (Node::Entry& entry : root.entries)
    if (entry.key == name) return entry.value;
  Node empty;
  empty.kind = Node::Kind::map;
  empty.where = root.where;
  root.entries.push_back({name, root.where, empty});
  return root.entries.back().value;
}

std::string_view text_at(const Node& root, std::string_view section, std::string_view key) {
  const Node* node = root.find(section);
  if (node) node = node->find(key);
  return node ? std::string_view(node->text) : std::string_view();
}

// Schedules that deadlock where sends wait for their receives: no stack runs them so.
bool sends_must_not_wait(const Node& root) {
  const std::string_view schedule = text_at(root, "pipeline", "schedule");
  if (text_at(root, "overlap", "expert_parallel") == "true") return true;
  return !schedule.empty() && !schedule_traits(schedule).may_wait;
}

// A habit may hang on the precision: DeepSpeed adds gradients up in 16 bits under fp16 and in 32 under bf16. It is
// written as one value for each precision; of another one the stack has no habit.
const Node* by_precision(const Key& key, const Node& value, const Node& root) {
  if (!value.is_map() || key.shape == Shape::special) return &value;
  const Node* training = root.find("training");
  const Node* precision = training ? training->find("precision") : nullptr;
  if (precision && precision->is_map()) precision = precision->find("compute");
  return value.find(precision ? precision->text : find_key("training.precision")->fallback);
}

// A habit may hang on the schedule: Megatron-LM overlaps its sends in interleaved
// schedules and waits for them in plain 1F1B.
Node by_schedule(std::string_view path, const Node& value, const Node& root) {
  Node settled = value;
  if (value.text == "interleaved")
    settled.text = text_at(root, "pipeline", "schedule").starts_with("interleaved") ? "true" : "false";
  if (path == "overlap.pipeline" && settled.text == "false" && sends_must_not_wait(root)) settled.text = "true";
  return settled;
}

}  // namespace

void apply_software_defaults(Reading& reading, Node& root, const Node& defaults) {
  const std::string by = "software " + reading.scenario.software.name;
  for (const Node::Entry& section : defaults.entries) {
    Node& target = section_of(root, section.key);
    if (!target.is_map()) continue;  // complained about when it is read
    for (const Node::Entry& entry : section.value.entries) {
      const std::string path = section.key + "." + entry.key;
      const Key* key = find_key(path);
      if (!key || key->size) {
        reading.fail(entry.key_where, "a software preset cannot set " + quote(path));
        continue;
      }
      // zero and fsdp exclude each other: what a person writes of the one settles the other.
      const bool settled =
          (path == "layout.zero" && target.find("fsdp")) || (path == "layout.fsdp" && target.find("zero"));
      // `auto` takes an inherited habit back: the project's own rule stands.
      if (target.find(entry.key) || settled || entry.value.text == "auto") continue;
      const Node* habit = by_precision(*key, entry.value, root);
      if (!habit) continue;
      const Node value = by_schedule(path, *habit, root);
      target.entries.push_back({entry.key, entry.key_where, value});
      reading.defaulted(path, value.is_scalar() ? value.text : "as the preset says", by);
    }
  }
}

}  // namespace orrery::models

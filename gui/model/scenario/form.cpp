#include "gui/model/scenario/form.h"

#include <algorithm>
#include <filesystem>

#include "models/scenario/keys/keys.h"
#include "sim/base/read/search_path.h"

namespace orrery::gui {
namespace {

using models::Key;
using models::Shape;

// Where names of presets may stand, and the folder that they are in.
struct PresetKey {
  std::string_view path, folder;
};
constexpr PresetKey kPresets[] = {{"model.preset", "models"},
                                  {"cluster.preset", "hardware/clusters"},
                                  {"cluster.gpu", "hardware/gpus"},
                                  {"software", "software"},
                                  {"calibration", "calibrations"}};

// Of a value that may be one of some names or something larger, the names: the first
// "enum" of its JSON Schema.
std::vector<std::string> names_in(std::string_view schema) {
  constexpr std::string_view kEnum = "\"enum\": [";
  std::vector<std::string> names;
  const std::size_t found = schema.find(kEnum);
  if (found == std::string_view::npos) return names;
  schema = schema.substr(found + kEnum.size());
  schema = schema.substr(0, schema.find(']'));
  for (std::size_t open = schema.find('"'); open != std::string_view::npos; open = schema.find('"')) {
    const std::size_t close = schema.find('"', open + 1);
    names.emplace_back(schema.substr(open + 1, close - open - 1));
    schema.remove_prefix(std::min(schema.size(), close + 1));
  }
  return names;
}

std::vector<std::string> completions_of(const Key& key, const SearchPath& presets) {
  for (const PresetKey& preset : kPresets)
    if (preset.path == key.path) return presets.names(preset.folder);
  if (key.shape == Shape::flag) return {"true", "false"};
  if (key.shape == Shape::special) return names_in(key.schema);
  return key.shape == Shape::choice ? models::split_values(key.values) : std::vector<std::string>();
}

// What stands at a path. Where a name stands for a mapping, it is the mapping's preset.
const Node* find_node(const Node& root, std::string_view path) {
  const Node* node = &root;
  while (node != nullptr && !path.empty()) {
    if (node->is_scalar()) return path == "preset" ? node : nullptr;
    const std::size_t dot = std::min(path.find('.'), path.size());
    node = node->find(path.substr(0, dot));
    path.remove_prefix(std::min(dot + 1, path.size()));
  }
  return node;
}

// Sections are what their keys say; what cannot be run yet is no choice.
bool is_shown(const Key& key) {
  return key.shape != Shape::section && key.supported != "none";
}

bool is_within(std::string_view path, std::string_view section) {
  return path == section || (path.starts_with(section) && path.substr(section.size()).starts_with('.'));
}

}  // namespace

Result<ScenarioForm> ScenarioForm::read(const std::string& path, const std::vector<models::Override>& changes) {
  auto root = read_document(path);
  if (!root) return root.errors();
  ScenarioForm form;
  form.file_ = path;
  form.root_ = std::move(*root);
  form.add_fields();
  for (const models::Override& change : changes) {
    const auto field = form.find(change.path);
    if (field)
      form.set(*field, change.value);
    else
      form.others_.push_back(change);
  }
  return form;
}

void ScenarioForm::add_fields() {
  const SearchPath presets = SearchPath::standard(std::filesystem::path(file_).parent_path().string());
  for (const Key& key : models::all_keys()) {
    if (!is_shown(key)) continue;
    FormField field{std::string(key.path),
                    std::string(key.section()),
                    std::string(key.name()),
                    std::string(key.doc),
                    models::value_of(key),
                    std::string(key.fallback),
                    key.required,
                    {},
                    {}};
    field.completions = completions_of(key, presets);
    const Node* node = find_node(root_, key.path);
    if (node != nullptr && !node->is_null()) field.written = flow_text(*node);
    places_.push_back(node != nullptr ? node->where : Where());
    fields_.push_back(std::move(field));
  }
  values_.resize(fields_.size());
}

std::optional<std::size_t> ScenarioForm::find(const std::string& path) const {
  for (std::size_t i = 0; i < fields_.size(); ++i)
    if (fields_[i].path == path) return i;
  return std::nullopt;
}

const std::string& ScenarioForm::value(std::size_t field) const {
  return is_changed(field) ? values_[field] : fields_[field].written;
}

void ScenarioForm::set(std::size_t field, const std::string& value) {
  values_[field] = value == fields_[field].written ? std::string() : value;
}

void ScenarioForm::undo_all() {
  for (std::string& value : values_) value.clear();
}

std::vector<models::Override> ScenarioForm::changes() const {
  std::vector<models::Override> changes = others_;
  for (std::size_t i = 0; i < fields_.size(); ++i)
    if (is_changed(i)) changes.push_back({fields_[i].path, values_[i]});
  return changes;
}

std::vector<ScenarioForm::Fault> ScenarioForm::check() const {
  const auto scenario = models::read_scenario(root_, file_, changes());
  std::vector<Fault> faults;
  if (scenario) return faults;
  for (const Error& error : scenario.errors()) faults.push_back({field_of(error), error.what});
  return faults;
}

// A value that was changed goes by its path, one of the file by its place, one that
// is missing by its name in the message about its section.
std::optional<std::size_t> ScenarioForm::field_of(const Error& error) const {
  constexpr std::string_view kSet = "--set ";
  if (!error.where.file.starts_with(kSet)) {
    const auto field = field_at(error.where);
    return field ? field : field_named(error);
  }
  const std::string path = error.where.file.substr(kSet.size());
  for (std::size_t i = 0; i < fields_.size(); ++i)
    if (is_within(path, fields_[i].path)) return i;
  return std::nullopt;
}

std::optional<std::size_t> ScenarioForm::field_named(const Error& error) const {
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    const Node* section = find_node(root_, fields_[i].section);
    if (section == nullptr || error.where.line == 0 || section->where != error.where) continue;
    if (error.what.find('\'' + fields_[i].name + '\'') != std::string::npos) return i;
  }
  return std::nullopt;
}

std::optional<std::size_t> ScenarioForm::field_at(const Where& where) const {
  if (where.line == 0) return std::nullopt;
  const auto place = std::find(places_.begin(), places_.end(), where);
  if (place == places_.end()) return std::nullopt;
  return static_cast<std::size_t>(place - places_.begin());
}

}  // namespace orrery::gui

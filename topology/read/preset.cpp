#include "topology/read/preset.h"

#include <algorithm>

namespace orrery::topology {
namespace {

// Presets stand on presets two or three deep; more is a circle.
constexpr int kMaxDepth = 8;

const Node* base_key(const Node& node) {
  const Node* preset = node.find("preset");
  return preset ? preset : node.find("inherits");
}

void remove(Node& map, std::string_view key) {
  std::erase_if(map.entries, [&](const Node::Entry& entry) { return entry.key == key; });
}

Node with_preset(const Node& name, const Node& changes) {
  Node out = changes;
  out.entries.insert(out.entries.begin(), {"preset", name.where, name});
  return out;
}

std::optional<Node> resolve(const Node& node, const std::string& folder, const SearchPath& path, Errors& errors,
                            int depth);

std::optional<Node> load(const Node& name, const std::string& folder, const SearchPath& path, Errors& errors,
                         int depth) {
  if (!name.is_scalar()) {
    errors.push_back({name.where, "a preset must be a name"});
    return std::nullopt;
  }
  if (depth >= kMaxDepth) {
    errors.push_back({name.where, "presets stand on each other more than " + std::to_string(kMaxDepth) +
                                      " deep: does '" + name.text + "' inherit from itself?"});
    return std::nullopt;
  }
  const Result<std::string> file = path.find(folder, name.text, name.where);
  if (!file) {
    errors.insert(errors.end(), file.errors().begin(), file.errors().end());
    return std::nullopt;
  }
  const Result<Node> document = read_document(*file);
  if (!document) {
    errors.insert(errors.end(), document.errors().begin(), document.errors().end());
    return std::nullopt;
  }
  if (!document->is_map()) {
    errors.push_back({{*file, 1, 1}, "a preset must be a mapping"});
    return std::nullopt;
  }
  return resolve(*document, folder, path, errors, depth + 1);
}

std::optional<Node> resolve(const Node& node, const std::string& folder, const SearchPath& path, Errors& errors,
                            int depth) {
  if (node.is_scalar()) return load(node, folder, path, errors, depth);
  const Node* name = base_key(node);
  if (!name || name->is_null()) return node;
  const std::optional<Node> base = load(*name, folder, path, errors, depth);
  if (!base) return std::nullopt;
  Node changes = node;
  remove(changes, node.find("preset") ? "preset" : "inherits");
  return overlay(*base, changes);
}

}  // namespace

Node overlay(const Node& base, const Node& top) {
  if (base.is_scalar() && top.is_map() && !base_key(top)) return with_preset(base, top);
  if (!base.is_map() || !top.is_map()) return top;
  Node out = base;
  out.where = top.where;  // what is missing is missing where a person can add it
  for (const Node::Entry& entry : top.entries) {
    const auto same =
        std::find_if(out.entries.begin(), out.entries.end(), [&](const Node::Entry& e) { return e.key == entry.key; });
    if (same == out.entries.end())
      out.entries.push_back(entry);
    else
      *same = {entry.key, entry.key_where, overlay(same->value, entry.value)};
  }
  return out;
}

std::optional<Node> resolve(const Node& node, const std::string& folder, const SearchPath& path, Errors& errors) {
  return resolve(node, folder, path, errors, 0);
}

std::string preset_name(const Node& node) {
  if (node.is_scalar()) return node.text;
  const Node* name = base_key(node);
  return name && name->is_scalar() ? name->text : std::string();
}

}  // namespace orrery::topology

// `--set path=value`: any key, written into the tree before it is read, so that
// what is set is read and checked like what is written.
#include <charconv>

#include "models/scenario/reading.h"

namespace orrery::models {
namespace {

// Where a name may stand for a mapping, setting a key below it turns the name
// into the mapping's preset.
bool takes_preset(std::string_view path) {
  return path == "model" || path == "software" || path == "cluster.gpu";
}

void place_everywhere(Node& node, const Where& where) {
  node.where = where;
  for (Node& item : node.items) place_everywhere(item, where);
  for (Node::Entry& entry : node.entries) {
    entry.key_where = where;
    place_everywhere(entry.value, where);
  }
}

Node& child(Node& map, const std::string& key, const Where& where) {
  for (Node::Entry& entry : map.entries)
    if (entry.key == key) return entry.value;
  Node fresh;
  fresh.where = where;
  map.entries.push_back({key, where, fresh});
  return map.entries.back().value;
}

void make_map(Node& node, std::string_view path, const Where& where) {
  if (node.is_map()) return;
  Node map;
  map.kind = Node::Kind::map;
  map.where = where;
  if (node.is_scalar() && takes_preset(path)) map.entries.push_back({"preset", node.where, node});
  node = std::move(map);
}

// The item that a number in the path names, when the list has it.
Node* item(Node& list, const std::string& index) {
  std::size_t at = 0;
  const auto [end, error] = std::from_chars(index.data(), index.data() + index.size(), at);
  const bool number = error == std::errc() && end == index.data() + index.size();
  return number && at < list.items.size() ? &list.items[at] : nullptr;
}

}  // namespace

void apply_override(Node& root, const std::string& path, const std::string& value, Errors& errors) {
  Where where;
  where.file = "--set " + path;
  Result<Node> parsed = parse_document(value, where.file);
  if (!parsed) {
    for (const Error& error : parsed.errors()) {
      errors.push_back(error);
      errors.back().where = where;
    }
    return;
  }
  place_everywhere(*parsed, where);

  Node* node = &root;
  std::size_t from = 0;
  while (from <= path.size()) {
    const std::size_t dot = std::min(path.find('.', from), path.size());
    const std::string key = path.substr(from, dot - from);
    if (key.empty()) {
      errors.push_back({where, "a path such as layout.tp is needed before '='"});
      return;
    }
    if (node->is_list()) {
      node = item(*node, key);
      if (!node) {
        errors.push_back({where, quote(path.substr(0, from - 1)) + " is a list and has no item " + quote(key)});
        return;
      }
    } else {
      make_map(*node, from == 0 ? std::string_view() : std::string_view(path).substr(0, from - 1), where);
      node = &child(*node, key, where);
    }
    from = dot + 1;
  }
  *node = std::move(*parsed);
}

}  // namespace orrery::models

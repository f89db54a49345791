#pragma once

#include <string>
#include <utility>
#include <vector>

#include "sim/base/read/document.h"

namespace orrery::topology {

// Mappings made from what is no YAML, with places.
inline Node scalar_at(std::string text, const Where& where) {
  Node node;
  node.kind = Node::Kind::scalar;
  node.text = std::move(text);
  node.where = where;
  return node;
}

inline Node mapping_at(const Where& where) {
  Node node;
  node.kind = Node::Kind::map;
  node.where = where;
  return node;
}

inline void put(Node& map, std::string key, Node value) {
  const Where where = value.where;
  map.entries.push_back({std::move(key), where, std::move(value)});
}

inline void put(Node& map, std::string key, std::string text, const Where& where) {
  put(map, std::move(key), scalar_at(std::move(text), where));
}

// NVLinks from GPU to GPU as `scale_up` says them: `kind: mesh` where every two have
// equally many, else `cube-mesh` with its `wires`. links[a][b] between GPUs a and b.
void put_direct_links(Node& scale_up, const std::vector<std::vector<int>>& links, const Where& where);

}  // namespace orrery::topology

#include "topology/read/parts/parts.h"

#include <algorithm>

#include "topology/build/grid.h"

namespace orrery::topology {

bool is_one_of(std::string_view name, Names names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

void refuse_idle(Fields& f, std::string_view key, std::string_view beside) {
  if (!f.has(key) || !f.has(beside) || f.at(key).file != f.at(beside).file) return;
  f.fail(key, "'" + f.name() + "." + std::string(key) + "' means nothing beside '" + std::string(beside) + ": " +
                  f.node(beside)->text + "'");
}

std::vector<int> read_dimensions(Fields& f, int vertices, const std::string& of_what) {
  constexpr int kUsual = 3, kMost = 6;
  const Node* node = f.node("dimensions");
  if (!node) return near_cube(vertices, kUsual);
  if (node->is_scalar()) return near_cube(vertices, static_cast<int>(f.count("dimensions", 1, kMost).value_or(kUsual)));
  std::vector<int> extents;
  std::int64_t product = 1;
  for (const Node& item : node->items) {
    const Result<std::int64_t> n = parse_count(item.text, item.where);
    if (!item.is_scalar() || !n || *n < 1 || *n > 1 << 22) break;
    extents.push_back(static_cast<int>(*n));
    product = std::min<std::int64_t>(product * *n, 1ll << 40);
  }
  if (!node->is_list() || extents.empty() || extents.size() != node->items.size() || extents.size() > kMost) {
    f.fail("dimensions", "'" + f.name() + ".dimensions' must be a list of sizes as [4, 4, 8], or how many there are");
  } else if (product != vertices) {
    f.fail("dimensions", "'" + f.name() + ".dimensions' hold " + std::to_string(product) +
                             " places, but the cluster has " + std::to_string(vertices) + " " + of_what);
  } else {
    return extents;
  }
  return near_cube(vertices, kUsual);
}

}  // namespace orrery::topology

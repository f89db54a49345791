#include "topology/read/files/mapping.h"

namespace orrery::topology {

void put_direct_links(Node& scale_up, const std::vector<std::vector<int>>& links, const Where& where) {
  Node wires = mapping_at(where);
  bool even = true;
  for (std::size_t a = 0; a < links.size(); ++a)
    for (std::size_t b = a + 1; b < links.size(); ++b) {
      if (links[a][b] != links[0][1]) even = false;
      if (links[a][b] > 0) put(wires, std::to_string(a) + "-" + std::to_string(b), std::to_string(links[a][b]), where);
    }
  put(scale_up, "kind", even ? "mesh" : "cube-mesh", where);
  if (!even) put(scale_up, "wires", std::move(wires));
}

}  // namespace orrery::topology

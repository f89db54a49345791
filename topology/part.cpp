#include "topology/part.h"

namespace orrery::topology {

void Part::place(Links& links) {
  first_ = static_cast<std::uint32_t>(links.size());
  add_pairs(links);
  pairs_ = (static_cast<std::uint32_t>(links.size()) - first_) / 2;
}

}  // namespace orrery::topology

#pragma once

#include "interop/import/chakra/layers.h"

namespace orrery::interop::chakra {

// How a trace's numbers become a table's.
struct Scale {
  double per_microsecond = 0;  // operations that stand for a microsecond
  std::int64_t ranks = 1;      // over which each layer is split
  double element_bytes = 4;    // of a gradient: most stacks reduce in fp32, whatever they accumulate in
  std::string head;            // comment lines
};

// The layers of all stages, one behind the other; of each stage the bytes that it hands on,
// 0 where that is not told. Gradients of several layers that are reduced together are shared
// among them by their operations, since a layer without parameters would have no product.
// Where layers are split, two more columns say how, and the ranks divide every number.
std::string table_of(const std::vector<Layers>& stages, const std::vector<std::int64_t>& handed, const Scale& scale);

// Whether any gradient says how large the layers are.
bool has_gradients(const std::vector<Layers>& stages);

}  // namespace orrery::interop::chakra

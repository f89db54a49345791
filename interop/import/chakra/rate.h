#pragma once

#include "sim/base/read/search_path.h"
#include "sim/base/result.h"

namespace orrery::interop::chakra {

// Operations a GPU does in a microsecond, as large bf16 products reach on it.
struct Rate {
  double per_microsecond = 0;
  std::string said;  // "742 TFLOP/s, 75 % of the peak of h100-sxm-80gb"
};

Result<Rate> rate_of(const std::string& cluster, const SearchPath& presets);

}  // namespace orrery::interop::chakra

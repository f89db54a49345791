#pragma once

#include <string>
#include <vector>

#include "sim/base/read/document.h"

namespace orrery::models {

// A Hugging Face config.json as a `model:` mapping of ours. Families are told by
// their fields, not by their names, since they reuse shapes under new ones.
// Values keep their places in the config. What the mapping cannot say, and every
// field that is not known to leave the shape alone, goes to `warnings`.
Result<Node> model_from_hf(const Node& config, std::vector<std::string>& warnings);

}  // namespace orrery::models

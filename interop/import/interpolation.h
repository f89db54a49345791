#pragma once

#include <string>
#include <string_view>

#include "sim/base/read/document.h"

namespace orrery::interop {

// OmegaConf's references in a value that stands at `path` ("model.ffn_hidden_size"):
// ${model.hidden_size}, ${training.model.hidden_size} (this file as a launcher sees
// it), ${.hidden_size} beside the value, ${multiply:a, b} and ${divide_ceil:a, b}.
// What cannot be resolved stays as it is.
std::string interpolate(std::string_view value, const std::string& path, const Node& root);

}  // namespace orrery::interop

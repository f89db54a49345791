#pragma once

#include <optional>
#include <string>

#include "sim/base/read/document.h"
#include "sim/base/read/search_path.h"

namespace orrery::topology {

// `base` with the keys of `top` over it, mapping by mapping. A null takes a key
// away. Where a mapping lies over a name, the name becomes its `preset`.
Node overlay(const Node& base, const Node& top);

// A preset's name, or a mapping that may say `preset` or `inherits`, as one
// mapping in which every value remembers the file it came from. Nothing when it
// cannot be had; the faults are in `errors` then.
std::optional<Node> resolve(const Node& node, const std::string& folder, const SearchPath& path, Errors& errors);

// The preset that a name or mapping starts from; empty for none.
std::string preset_name(const Node& node);

}  // namespace orrery::topology

#pragma once

#include <string>

#include "sim/base/read/search_path.h"
#include "sweep/point.h"

namespace orrery::sweep {

// Two texts that differ have the same key with a chance of 2^-128.
Key key_of(std::string_view text);
std::string to_hex(const Key& key);

// A digest of every preset that a scenario could name: results of other data are others.
std::string data_version(const SearchPath& path);

}  // namespace orrery::sweep

#pragma once

#include <string>

namespace orrery::cli {

// What `orrery help layout.tp` says of a key of the scenario, from the reader's
// own table: its value, its default, its meaning; of a section, each of its keys
// in a line. Empty when there is no such key.
std::string help_key(const std::string& path);

// The key that may have been meant, as "; did you mean …?", or nothing.
std::string suggest_key(const std::string& path);

}  // namespace orrery::cli

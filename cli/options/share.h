#pragma once

#include <optional>
#include <string>

namespace orrery::cli {

// "5%" or "0.05" of --max-error as a share; -1 where it was not given, nothing where it is none.
std::optional<double> parse_share(const std::string& text);

}  // namespace orrery::cli

#pragma once

#include <optional>
#include <string>

#include "models/scenario/scenario.h"

namespace orrery::cli {

// What a key that the file writes, and a plan took out, is in `scenario`, as --set takes it: so that
// the file with it set is that scenario. Nothing where no value says what leaving it out does.
std::optional<std::string> restated(const std::string& path, const models::Scenario& scenario);

}  // namespace orrery::cli

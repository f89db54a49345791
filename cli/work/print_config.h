#pragma once

#include <iosfwd>

#include "models/scenario/scenario.h"
#include "sim/base/read/document.h"

namespace orrery::cli {

// The scenario as it is understood, as a scenario: every key with its value, and behind it
// where that came from (file:line, --set, a software preset, the default). `root` is what
// was read, overrides and all.
void print_config(std::ostream& out, const Node& root, const models::Scenario& scenario);

}  // namespace orrery::cli

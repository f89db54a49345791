#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/scenario/scenario.h"
#include "sweep/expression.h"
#include "sweep/point.h"

namespace orrery::sweep {

// Names that conditions may use: of the scenario (tp, gpus, layers, schedule…) and of the
// outcome (fits, mfu, step_time…). Keys by their path and swept keys are names too.

std::optional<Value> scenario_value(const models::Scenario& scenario, std::string_view name);
std::optional<Value> outcome_value(const Outcome& outcome, std::string_view name);

std::vector<std::string> scenario_names();
std::vector<std::string> outcome_names();

// A value as it stands in a scenario: true, 4, 40M, '1f1b'.
Value value_of(std::string_view text);

}  // namespace orrery::sweep

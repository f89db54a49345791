#pragma once

#include <optional>
#include <string>

#include "models/compute/calibration/calibration.h"
#include "models/scenario/scenario.h"

namespace orrery::models {

// The calibration that a scenario names, if it names one: a path beside the
// scenario, from where the program runs, or a file of scenarios/calibrations. It
// must be of the scenario's GPU.
Result<std::optional<Calibration>> calibration_of(const Scenario& scenario);

// Where a file of that name is found for a scenario in that file.
std::optional<std::string> find_calibration(const std::string& scenario_file, const std::string& name);

}  // namespace orrery::models

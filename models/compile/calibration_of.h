#pragma once

#include <optional>

#include "models/compute/calibration.h"
#include "models/scenario/scenario.h"

namespace orrery::models {

// The calibration that a scenario names, if it names one: a path beside the
// scenario, from where the program runs, or a file of scenarios/calibrations. It
// must be of the scenario's GPU.
Result<std::optional<Calibration>> calibration_of(const Scenario& scenario);

}  // namespace orrery::models

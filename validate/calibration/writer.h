#pragma once

#include <string>

#include "models/compute/calibration/calibration.h"

namespace orrery::validate {

// A calibration as the text of its file: parse_calibration() gives it back.
std::string calibration_json(const models::Calibration& calibration);

}  // namespace orrery::validate

#pragma once

#include "models/collectives/times/measured_transfers.h"
#include "models/compile/compile.h"
#include "models/compute/cost_model.h"

namespace orrery::models {

// What of `calibration` went into `compiled`, whose kernels and transfers are complete.
CalibrationUse use_of(const Calibration& calibration, const CostModel& costs, const MeasuredTransfers& transfers,
                      const Compiled& compiled);

}  // namespace orrery::models

#pragma once

#include <string>
#include <vector>

#include "cli/calibrate/measure.h"
#include "validate/probe/calibrate.h"

namespace orrery::cli {

// What the scenarios' programs run, which must be on `gpu`.
Result<validate::Wanted> wanted_of(const std::vector<std::string>& files, const std::string& gpu);

// Where finished blocks are kept: beside the output, if that is a file.
std::string blocks_folder(const std::string& output);

// Tells what came out and writes it, the blocks' folder being empty then. Gives the exit status.
int finish_calibration(validate::Calibrated result, const MeasureOptions& options, const std::string& folder);

}  // namespace orrery::cli

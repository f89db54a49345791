#pragma once

#include <string>

#include "sim/base/result.h"

namespace orrery::validate {

// Writes a file so that it is there in whole or not at all, whenever the machine
// stops: beside it, flushed to the disk, and then renamed. Faults are of Fault::io.
Errors write_safely(const std::string& path, const std::string& text);

}  // namespace orrery::validate

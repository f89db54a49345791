#pragma once

#include <span>
#include <string>
#include <vector>

#include "sim/base/result.h"
#include "sweep/point.h"

namespace orrery::sweep {

// Rows as text, and back: what one process of a sweep sends another.
std::string pack(std::span<const Row> rows);
Result<std::vector<Row>> unpack(const std::string& text);

}  // namespace orrery::sweep

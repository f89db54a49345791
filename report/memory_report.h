#pragma once

#include <string>
#include <vector>

#include "report/result.h"
#include "report/summary.h"

namespace orrery::report {

// Highest memory in equal slices of the measured step, by stage.
struct MemoryOverTime {
  Duration step;
  std::vector<std::vector<Bytes>> levels;
};

// What `orrery memory` prints.
std::string memory_report(const Memory& memory, const MemoryOverTime& over, const Style& style = {});
std::string memory_json(const Memory& memory, const MemoryOverTime& over);

}  // namespace orrery::report

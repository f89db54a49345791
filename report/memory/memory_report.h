#pragma once

#include <string>
#include <vector>

#include "report/memory/live_allocations.h"
#include "report/result.h"
#include "report/summary.h"

namespace orrery::report {

// Highest memory in equal slices of the measured step, by stage.
struct MemoryOverTime {
  Duration step;
  std::vector<std::vector<Bytes>> levels;
};

// The same scenario with one key changed.
struct Remedy {
  std::string change;
  Bytes needed;  // reserved and runtime of the largest rank
  bool fits = false;
  Duration step;
};

// Of another job on the fabric.
struct JobMemory {
  std::string name, file;
  int first_node = 0, nodes = 0;
  Memory memory;
};

// What `orrery memory` prints.
struct MemoryAnswer {
  Memory memory;
  MemoryOverTime over;
  PeakMoment peak;  // of the largest rank
  std::vector<Remedy> remedies;
  std::vector<JobMemory> jobs;  // the others in the scenario's `jobs`
};

std::string memory_report(const MemoryAnswer& answer, const Style& style = {});
std::string memory_json(const MemoryAnswer& answer);

}  // namespace orrery::report

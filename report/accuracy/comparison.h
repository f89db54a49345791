#pragma once

#include <string>

#include "report/result.h"
#include "validate/compare/comparison.h"

namespace orrery::report {

// How a validation was run and what came of it.
struct Validation {
  Result prediction;   // as written before the run
  std::string device;  // "stand-in", "1 x NVIDIA H200"
  std::string transport;
  int steps = 0;
  validate::Comparison comparison;
  std::vector<std::string> notes;  // what a reader must know of the run: clocks, memory, what was done otherwise
};

// What `orrery validate` prints: predicted beside measured, with signed errors
// (predicted/measured - 1).
std::string comparison_report(const Validation& validation);
std::string comparison_json(const Validation& validation);
// How many steps the measured step is told of, and what timing ops one by one cost.
std::string measured_steps(const validate::Comparison& comparison);

}  // namespace orrery::report

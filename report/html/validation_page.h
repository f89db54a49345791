#pragma once

#include <string>
#include <vector>

#include "report/accuracy/comparison.h"
#include "report/html/step_timeline.h"

namespace orrery::report {

// A step as one side has it: the actions of `ranks`, counted from `from`.
struct ShownStep {
  const StepTimeline& timeline;
  Time from, to;
};

struct ValidationPage {
  const Validation& validation;
  const sim::Workload& run;
  const std::vector<RankId>& ranks;  // one a stage
  ShownStep predicted, measured;
};

// What `orrery validate` found, as one HTML document without anything outside itself: both
// steps above each other to one scale, errors by kind of op and by rank, what was noticed.
std::string validation_page(const ValidationPage& page);

}  // namespace orrery::report

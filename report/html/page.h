#pragma once

#include <string>
#include <vector>

#include "report/explain/explain.h"
#include "report/html/step_timeline.h"
#include "report/memory/memory_report.h"
#include "report/result.h"

namespace orrery::report {

// What a page about one run is made of. `ranks` are those of the workload that
// ran, one for each pipeline stage.
struct RunPage {
  const Result& result;
  const sim::Workload& run;
  const StepTimeline& timeline;
  const std::vector<RankId>& ranks;
  const std::vector<TimeParts>& stages;
  const MemoryOverTime& memory;
  const Explanation* why = nullptr;  // the critical path, where the whole trace was kept
  Time from, to;                     // of the step that is shown
};

// One HTML document without anything outside itself: it opens without a network
// and can be attached to a mail or a plan.
std::string run_page(const RunPage& page);

}  // namespace orrery::report

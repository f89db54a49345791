#pragma once

#include <string>
#include <vector>

#include "report/html/step_timeline.h"
#include "report/memory/memory_report.h"
#include "report/result.h"

namespace orrery::report {

// The charts of a page, each an SVG of its own. Colours come from the page's
// style sheet, by class; every mark says in words what it is when pointed at.

// A row for each of `ranks` (one a stage): its actions, and below them when its
// transfers are in progress. Times are counted from `from`; it can be stretched.
std::string timeline_chart(const StepTimeline& timeline, const std::vector<RankId>& ranks, const sim::Workload& run,
                           Time from, Time to);

// Where a step goes, and of whom.
struct NamedParts {
  std::string name;
  TimeParts parts;
};

// A stacked bar for each of them, as long as its parts of `longest`. `names` is how wide theirs is at the left.
std::string breakdown_chart(const std::vector<NamedParts>& bars, Duration longest, int names);

// A line for each stage over the step, and what a GPU has for it.
std::string memory_chart(const MemoryOverTime& over, Bytes limit);

}  // namespace orrery::report

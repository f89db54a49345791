#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/work/pipeline.h"
#include "report/html/step_timeline.h"
#include "report/memory/memory_timeline.h"
#include "report/result.h"
#include "sim/trace/trace.h"

namespace orrery::cli {

// Everything that the scenario's own ranks do. They meet other jobs on links alone.
class OwnTrace : public sim::Trace {
 public:
  explicit OwnTrace(const Prepared& prepared) : prepared_(prepared) {}
  bool wants(RankId rank) const override { return prepared_.is_own(rank); }

 private:
  const Prepared& prepared_;
};

// --report OUT.html: listens to a run and makes a page of it.
class HtmlReport {
 public:
  explicit HtmlReport(const Prepared& prepared);

  // Who has to hear of the run.
  std::vector<sim::TraceSink*> sinks();

  // After the run. Whether the page could be written; if not, it has been told why.
  bool write(const std::string& path, const Simulated& simulated, const report::Result& result);

 private:
  const Prepared& prepared_;
  std::vector<RankId> ranks_;  // one a stage
  report::StepTimeline timeline_;
  report::MemoryTimeline memory_;
  std::optional<OwnTrace> trace_;  // of everything, where that is little: for the critical path
};

}  // namespace orrery::cli

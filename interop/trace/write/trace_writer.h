#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "interop/trace/rank_facts.h"
#include "interop/trace/rank_range.h"
#include "sim/base/result.h"
#include "sim/fold/fold.h"
#include "sim/trace/trace.h"
#include "sim/workload.h"

namespace orrery::interop {

// What of a run is written.
struct TraceFilter {
  std::vector<RankRange> ranks;  // empty: every rank; of a folded run, one rank of every class
  Time from;                     // slices that reach into [from, to)
  Time to = Time::never();
  bool links = true;  // the load of every link, as counters
};

// What a writer needs to know of the run that it is told about. The pointers
// must outlive the writer.
struct TraceContext {
  const sim::Workload* workload = nullptr;  // the full one: names, roles, and who meets whom
  const sim::Folded* folded = nullptr;      // when the spans come from a folded run
  TraceFilter filter;
  FactsOfRank facts_of = {};  // where it is known: said with each rank
  bool slack = false;         // say of every op how much longer it could have lasted, which is known at the end
};

// Writes a run to a file while it goes on: what it keeps in memory grows with
// the number of ranks and names, never with the length of the run; with slack, all
// of the run is kept until it ends.
class TraceWriter : public sim::TraceSink {
 public:
  // Ends the file. Says what went wrong on the way, the disk being full say;
  // nothing is written after the first such fault.
  virtual Errors close() = 0;
};

// By extension: .json (Chrome trace events), .json.gz, .pftrace (Perfetto).
// An unknown extension, a file that cannot be opened, and ranks that the job
// does not have are errors.
Result<std::unique_ptr<TraceWriter>> open_trace_writer(const std::string& path, const TraceContext& context);

}  // namespace orrery::interop

#pragma once

#include <functional>
#include <string>
#include <vector>

#include "interop/trace/read/read_trace.h"
#include "sim/base/amount.h"

namespace orrery::interop {

// Where the time of a trace went.

struct CategoryTime {
  std::string label;
  std::int64_t count = 0;
  Duration busy;      // covered by at least one of its slices
  bool works = true;  // false: slices around others, what a CPU did
};

struct StreamTime {
  std::string name;
  std::int64_t count = 0;
  Duration busy;
};

// Of one rank, or of one process where the trace knows no ranks. The parts are
// disjoint: compute + exposed communication + exposed copies + idle = window.
struct RankTime {
  std::string name;
  Duration window;  // from the first work to the last
  Duration compute;
  Duration communication;  // covered by transfers in progress; waiting for a late peer is not
  Duration exposed_communication;
  Duration exposed_copies;  // covered neither by compute nor by communication
  Duration idle;
  std::int64_t steps = 0;                // 0: the trace does not say
  std::vector<CategoryTime> categories;  // by label
  std::vector<StreamTime> streams;       // as the viewer has them
};

// An operation over all ranks: kernels of one name, whatever their layer.
struct OperationTime {
  std::string name, label;
  std::int64_t count = 0;
  Duration total, longest;
};

// Transfers of one kind and purpose over all ranks.
struct TransferTime {
  std::string label, kind;  // "tp", "all-gather"
  std::int64_t count = 0;
  Bytes bytes;    // as the trace says for each: what one rank puts in or gets out, the larger
  Duration time;  // in progress

  double bytes_per_second() const { return time > Duration() ? static_cast<double>(bytes.n) / time.seconds() : 0; }
};

struct TraceBreakdown {
  TraceSummary summary;
  std::vector<RankTime> ranks;
  std::vector<OperationTime> operations;  // the longest total first
  std::vector<TransferTime> transfers;    // the longest time first
};

// `keep_going` as in TraceVisitor. Memory grows with the slices, 32 bytes each.
Result<TraceBreakdown> break_down(const std::string& path, const TraceReadOptions& options,
                                  const std::function<bool(const TraceProgress&)>& keep_going = {});

}  // namespace orrery::interop

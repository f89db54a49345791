#pragma once

#include <functional>
#include <string>
#include <vector>

#include "interop/trace/read/read_trace.h"

namespace orrery::interop {

// Two traces event by event. An event is the same in both when it has the same
// identity: rank, row, step, action, micro-batch, chunk, category and name (which
// holds the layer) in our traces; of several alike, the first is the first. Traces
// of others have fewer of these, and are aligned by those they have.

struct EventIdentity {
  std::string rank, row, category, name;
  std::int64_t step = -1, micro_batch = -1, chunk = -1;  // -1: the trace does not say
  std::string action;
};

struct EventChange {
  EventIdentity event;
  Duration a, b;

  Duration change() const { return b - a; }
};

// An operation over all ranks, layers and steps.
struct OperationChange {
  std::string name, category;
  std::int64_t count_a = 0, count_b = 0;
  Duration a, b;

  Duration change() const { return b - a; }
};

struct TraceAlignment {
  std::int64_t aligned = 0, only_in_a = 0, only_in_b = 0;  // events
  Duration time_only_in_a, time_only_in_b;
  std::vector<OperationChange> operations;  // the largest absolute change first
  std::vector<EventChange> events;          // likewise, at most `most_events`, only those that changed
};

// Only work of GPUs is compared, or, of a trace without any, every slice.
Result<TraceAlignment> align(const std::string& a, const std::string& b, const TraceReadOptions& options,
                             std::size_t most_events, const std::function<bool(const TraceProgress&)>& keep_going = {});

}  // namespace orrery::interop

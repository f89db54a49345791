#pragma once

#include <vector>

#include "models/scenario/scenario.h"
#include "sim/base/result.h"

namespace orrery::models {

// What a scenario's programs come to at least, found without writing them.
//
// A rank's main stream does its passes, kernel by kernel and with the collectives that stand among them, each
// in no less than it takes alone, and in an order that the schedule gives; at the end of a pass the rank holds its
// states and what the micro-batches in flight have left for their backward passes. What is left out only adds to that:
// the optimizer, the host, transfers between stages and of gradients, tensors that are there for a moment. Nor is a
// step shorter than the copies of whole parameters that rest on the host, one behind the other.
struct Outline {
  // Of a kind of rank (RankKind).
  struct Rank {
    int stage = 0;
    int node = 0;  // kind of node (ClusterSpec::kinds)
    Bytes memory;
  };
  std::vector<Rank> ranks;
  // A rank holds more than its GPU has beside what the runtime takes: report::will_fit would say no.
  bool exceeds_memory = false;
  // No step is shorter: part (1) of the argument at the head of sim/bound/least_step.cpp. Zero with jitter.
  Duration step;
};

// `any_memory`: the step is asked for where memory is exceeded, too; else it is zero there. Errors are
// those of compile(); what compile() alone finds out is not among them.
Result<Outline> outline(const Scenario& scenario, bool any_memory = false);

}  // namespace orrery::models

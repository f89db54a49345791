#pragma once

#include "models/schedules/rules.h"

namespace orrery::models {

// How a list scheduler picks among what is ready on an idle rank.
struct GreedyRule {
  bool split = false;             // I and W apart; W when nothing else is ready
  bool late_chunk_first = true;   // of forwards: the chunk nearest to the loss; else the oldest micro-batch
  bool early_chunk_back = false;  // of backwards: the chunk farthest from the loss first, so that gradients leave soon
  bool patient = false;           // W only where it ends before the next input that is on its way
  bool weights_at_once = false;   // W right behind its I as long as there are forwards to come
  std::vector<int> limits = {};   // stages that each rank holds until W; empty: any
};

// What ranks do if each takes, whenever it is idle, a ready backward first, then a
// ready forward, then a weight gradient: with the request's costs, from the
// beginning to the end of a step. One rule gives one order; it never deadlocks:
// the oldest micro-batch can always go on, since forwards leave room for one of
// each later chunk.
Orders greedy_orders(const ScheduleRequest& request, Placement placement, const GreedyRule& rule);

// Of `first` and the orders of every split rule under `limits`, the one with the
// shortest of the longest rank windows.
Orders shortest_greedy(const ScheduleRequest& request, Placement placement, const std::vector<int>& limits,
                       Orders first);

}  // namespace orrery::models

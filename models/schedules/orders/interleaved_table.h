#pragma once

#include <algorithm>

#include "models/schedules/rules.h"

namespace orrery::models {

// The table that interleaved schedules walk: micro-batches in groups of N, within
// a group chunk by chunk. The last group may be smaller than N.
struct InterleavedTable {
  struct Entry {
    int chunk, micro_batch;
  };
  int group, micro_batches, chunks;

  Entry at(int k) const {
    const int first = k / (group * chunks) * group;
    const int size = std::min(group, micro_batches - first);
    const int within = k - first * chunks;
    return {within / size, first + within % size};
  }
};

// PyTorch's rule for N: rounds of equal size, as many as there are ranks' worth of micro-batches.
inline int interleaved_rounds(const ScheduleRequest& request) {
  return std::max(1, request.micro_batches / request.ranks);
}

// Why groups of `n` cannot be had; `origin` says where n comes from when nobody wrote it.
Errors check_group(const ScheduleRequest& request, int n, std::string_view origin);
Errors check_rounds(const ScheduleRequest& request);

}  // namespace orrery::models

#pragma once

#include <string>

#include "sim/base/duration.h"

namespace orrery::models {

// How long a job's step takes alone on the fabric and amid the other jobs: the mean
// of `steps` steps, as many as last as long as the longest job's one.
struct JobTimes {
  std::string name, file;
  int first_node = 0, nodes = 0, gpus = 0, steps = 1;
  Duration alone, together;

  double slowdown() const { return alone > Duration() ? together.seconds() / alone.seconds() : 1; }
};

}  // namespace orrery::models

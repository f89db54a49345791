#pragma once

#include <string>
#include <vector>

#include "sim/base/amount.h"

namespace orrery::report {

// Predicted time of one measurement over the measured, less one.
struct SizedError {
  Bytes bytes;
  double error = 0;
};

// Published measurements of one operation on one platform against their predictions.
struct ReproducedSeries {
  std::string platform, architecture, operation;
  std::vector<SizedError> errors;
  double spread = 0;  // median of (most - least) / median over rows that should agree; 0 where none repeat
};

// From where on an operation goes by another algorithm or protocol: as NCCL's model says
// and as measured times show.
struct Crossover {
  std::string platform, operation, from, to;  // "ring LL" and "ring Simple"
  int ranks = 0;
  Bytes predicted, seen;

  double powers() const;  // of two that they lie apart; positive: times go over later than predicted
};

// Rows of a log that no model can meet together with its others, which errors count all the same.
struct Contradiction {
  std::string platform, operation, rows;  // "128 KiB on four hosts"
  double apart = 0;                       // of what they say from what the others do
  std::string because;
};

struct CollectiveReproduction {
  std::vector<ReproducedSeries> series;
  std::vector<Contradiction> contradictions;
  std::vector<Crossover> crossovers;
  std::vector<std::string> left_out;  // "12 rows of X: no preset"
};

// Tables: each platform and operation with n, mean, worst and 90th percentiles; what of their logs contradicts itself;
// each architecture, whose constants serve all of its platforms; crossovers by platform and kind.
std::string collective_reproduction_text(const CollectiveReproduction& reproduction);
std::string collective_reproduction_markdown(const CollectiveReproduction& reproduction);
std::string collective_reproduction_json(const CollectiveReproduction& reproduction);

}  // namespace orrery::report

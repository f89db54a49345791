#pragma once

#include <string>
#include <vector>

namespace orrery::report {

// Published measurements of one operation on one platform against their predictions.
struct ReproducedSeries {
  std::string platform, operation;
  std::vector<double> errors;  // predicted / measured - 1
  double spread = 0;           // median of (most - least) / median over rows that should agree; 0 where none repeat
};

struct CollectiveReproduction {
  std::vector<ReproducedSeries> series;
  std::vector<std::string> left_out;  // "12 rows of X: no preset"
};

// platform, operation, n, mean, median, worst, spread.
std::string collective_reproduction_text(const CollectiveReproduction& reproduction);
std::string collective_reproduction_json(const CollectiveReproduction& reproduction);

}  // namespace orrery::report

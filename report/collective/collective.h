#pragma once

#include <optional>
#include <string>
#include <vector>

#include "models/collectives/table.h"

namespace orrery::report {

// What was measured beside a predicted row.
struct MeasuredRow {
  double microseconds = 0, algbw = 0, busbw = 0;
};

// A table of one collective, in the terms of nccl-tests.
struct CollectiveTable {
  std::string operation, cluster;  // "all-reduce", "dgx-h100"
  std::string network;             // "flow"
  int ranks = 0;
  std::string dtype;  // as nccl-tests names it
  int element_bytes = 4;
  std::string redop;  // empty where nothing is reduced
  bool rooted = false;
  std::vector<models::CollectiveRow> rows;
  std::vector<std::optional<MeasuredRow>> measured;  // one a row, or none at all
  std::string measured_name;                         // the log's
};

// For people: nccl-tests' columns, then algorithm, protocol, channels and busiest
// link, then what was measured with the error of the prediction.
std::string collective_text(const CollectiveTable& table);

// {"rows": [{"bytes", "time_us", …}], …}: docs/scenario.md.
std::string collective_json(const CollectiveTable& table);

std::string collective_csv(const CollectiveTable& table);

// Bus bandwidth over size, both axes logarithmic; what was measured as dots.
std::string collective_svg(const CollectiveTable& table);

// The errors of a comparison: of the rows from 16 MiB, and of those below.
struct ComparisonErrors {
  int rows = 0;
  double median = 0, worst = 0;  // of |predicted / measured - 1|
};
ComparisonErrors errors_of(const CollectiveTable& table, bool large);

}  // namespace orrery::report

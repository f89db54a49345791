#pragma once

#include <optional>
#include <string>

#include "interop/trace/analysis/alignment.h"
#include "report/compare/metrics.h"

namespace orrery::report {

// Two results or traces side by side. Differences are signed, B - A, and errors
// B/A - 1.
struct Compare {
  std::string a, b;  // the files
  Metrics of_a, of_b;
  std::optional<interop::TraceAlignment> events;  // of two traces

  struct Row {
    std::string path;
    double a = 0, b = 0;
    bool only_in_a = false, only_in_b = false;
    std::optional<double> error() const;  // none where A has nothing
  };
  std::vector<Row> rows() const;
  // What --max-error holds: the step's time and, of results, the peak of memory. The larger error with its path.
  std::optional<std::pair<std::string, double>> worst() const;
};

// `top` operations and events.
std::string compare_text(const Compare& compare, std::size_t top);
std::string compare_json(const Compare& compare);
std::string compare_csv(const Compare& compare);

}  // namespace orrery::report

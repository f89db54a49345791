#pragma once

#include <optional>
#include <string>
#include <vector>

#include "report/result.h"
#include "report/summary.h"

namespace orrery::report {

// One published value beside what we say.
struct ReproducedRow {
  std::string scenario, file, metric, source;
  double published = 0;
  std::optional<double> predicted;  // none: the scenario could not be run, or has no such metric
  std::string failure;              // then: why

  double error() const { return *predicted / published - 1; }
};

// How close the rows of a source are held to what was published; shares, not percent.
struct AccuracyBar {
  std::string source;  // what the rows' source begins with
  double mean = 0, worst = 0;
};

// The rows of one source.
struct SourceAccuracy {
  std::string source;
  int rows = 0, failed = 0;
  double mean = 0, bias = 0, worst = 0;  // of the rows that ran: absolute, signed, absolute
  std::optional<AccuracyBar> bar;

  bool met() const { return failed == 0 && (!bar || (mean <= bar->mean && worst <= bar->worst)); }
};

// scenarios/published/bars.yaml.
orrery::Result<std::vector<AccuracyBar>> read_accuracy_bars(const std::string& path);

// Rows by source: what stands before the first comma of each. In the order of the first row of each.
std::vector<SourceAccuracy> accuracy_by_source(const std::vector<ReproducedRow>& rows,
                                               const std::vector<AccuracyBar>& bars);

std::string reproduction_table(const std::vector<ReproducedRow>& rows, const std::vector<SourceAccuracy>& sources);
std::string reproduction_markdown(const std::vector<ReproducedRow>& rows, const std::vector<SourceAccuracy>& sources);
std::string reproduction_json(const std::vector<ReproducedRow>& rows, const std::vector<SourceAccuracy>& sources);

}  // namespace orrery::report

#pragma once

#include <string>

#include "cli/options/options.h"
#include "cli/options/plot_option.h"
#include "report/sweep/summary.h"

namespace CLI {
class App;
}

namespace orrery::cli {

// How the results of a sweep are shown, once there are any: --by, --top, --report, --plot.
struct SweepPresentation {
  std::string by, html;
  PlotOption plot;
  std::size_t top = 10;

  void add_to(CLI::App& app);
  // Writes all that was asked for, and gives the exit status.
  int show(const report::SweepResults& results, const OutputOptions& output) const;
};

}  // namespace orrery::cli

#include "cli/options/sweep_presentation.h"

#include <CLI/CLI.hpp>

#include "cli/command/command.h"
#include "cli/console/output.h"

namespace orrery::cli {
namespace {

std::vector<std::string> objective_names() {
  std::vector<std::string> names;
  for (const report::Objective& objective : report::objectives()) names.push_back(objective.name);
  return names;
}

bool write_page(const std::string& path, const std::string& text) {
  Output out(path);
  if (!out.ok()) return false;
  out.stream() << text;
  return out.finish();
}

}  // namespace

void SweepPresentation::add_to(CLI::App& app) {
  one_of(app.add_option("--by", by, "What is best: " + alternatives(objective_names()))->option_text("METRIC"),
         objective_names());
  app.add_option("--top", top, "How many of the best to show")->option_text("N");
  app.add_option("--report", html, "Write a page about the sweep")->option_text("OUT.html");
  plot.add_to(app, "Draw step time against memory with the Pareto front");
}

int SweepPresentation::show(const report::SweepResults& results, const OutputOptions& output) const {
  const report::Objective& objective =
      by.empty() ? report::natural_objective(results.rows) : *report::find_objective(by);
  Output out(output.path);
  if (!out.ok()) return kInputOutput;
  if (output.format == "json")
    out.stream() << report::sweep_json(results, objective, top);
  else if (output.format == "csv")
    out.stream() << report::sweep_csv(results);
  else if (output.format == "jsonl")
    out.stream() << report::sweep_jsonl(results);
  else
    out.stream() << with_headings(report::sweep_summary(results, objective, top), output.color, output.path);
  if (!out.finish()) return kInputOutput;
  const bool paged = html.empty() || write_page(html, report::sweep_page(results, objective));
  return paged && (!plot.wanted() || plot.write(report::sweep_plot(results, objective))) ? kDone : kInputOutput;
}

}  // namespace orrery::cli

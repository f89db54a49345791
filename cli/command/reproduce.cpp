#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>

#include "cli/command/command.h"
#include "cli/console/interrupt.h"
#include "cli/console/messages.h"
#include "cli/console/output.h"
#include "cli/console/progress.h"
#include "cli/options/options.h"
#include "cli/work/collectives/reproduce_collectives.h"
#include "cli/work/pipeline.h"
#include "report/accuracy/reproduction.h"
#include "sim/base/read/document.h"
#include "sim/base/read/search_path.h"

namespace orrery::cli {
namespace {

namespace fs = std::filesystem;

struct ReproduceCommand {
  std::vector<std::string> files;
  std::string collectives;
  OutputOptions output;

  int run();
  int run_collectives();
};

// Whether a scenario says what was measured in reality.
bool has_published_values(const fs::path& file) {
  const auto document = read_document(file.string());
  if (!document) return false;
  const Node* published = document->find("published");
  return published != nullptr && !published->items.empty();
}

// The scenarios that come with the program.
std::vector<std::string> shipped_scenarios() {
  std::vector<std::string> files;
  const SearchPath path = SearchPath::standard("");
  for (const std::string& root : path.roots()) {
    std::error_code ignored;
    for (const fs::directory_entry& entry : fs::directory_iterator(root, ignored))
      if (entry.path().extension() == ".yaml" && has_published_values(entry.path()))
        files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string first_line(const Errors& errors) {
  return errors.empty() ? "" : errors.front().what;
}

// What became of the scenario's published values.
std::vector<report::ReproducedRow> reproduce(const std::string& file, int& status) {
  const auto prepared = prepare_aloud(file, {}, models::Form::with_calls);
  if (!prepared) {
    status = std::max(status, report(prepared.errors()));
    return {{file, file, "", "", 0, std::nullopt, first_line(prepared.errors())}};
  }
  SimulateOptions options;
  options.stop = &stop_on_interrupt();
  const Simulated simulated = simulate_aloud(*prepared, options);
  throw_if_stuck(simulated);
  if (simulated.classes.interrupted) return {};
  const report::Result result =
      report::make_result({prepared->scenario, prepared->compiled, simulated.ranks, prepared->workload().ranks(), 0});
  std::vector<report::ReproducedRow> rows;
  for (const report::Published& p : result.published)
    rows.push_back({result.scenario, file, p.measured.metric, p.measured.source, p.measured.value, p.predicted,
                    p.predicted ? "" : "no such metric"});
  return rows;
}

Result<std::vector<report::AccuracyBar>> bars() {
  const auto path = SearchPath::standard("").find("published", "bars", {});
  if (!path) return path.errors();
  return report::read_accuracy_bars(*path);
}

int ReproduceCommand::run_collectives() {
  if (!files.empty()) return complain("--collectives takes a folder of measured tables and no scenarios"), kUsage;
  const auto result = reproduce_collectives(collectives);
  if (!result) return report(result.errors());
  Output out(output.path);
  if (!out.ok()) return kInputOutput;
  out.stream() << (output.format == "json" ? report::collective_reproduction_json(*result)
                   : output.format == "markdown"
                       ? report::collective_reproduction_markdown(*result)
                       : with_headings(report::collective_reproduction_text(*result), output.color, output.path));
  return out.finish() ? kDone : kInputOutput;
}

int ReproduceCommand::run() {
  if (!collectives.empty()) return run_collectives();
  const auto held_to = bars();
  if (!held_to) return report(held_to.errors());
  if (files.empty()) files = shipped_scenarios();
  Output out(output.path);
  if (!out.ok()) return kInputOutput;

  int status = kDone;
  std::vector<report::ReproducedRow> rows;
  Progress progress(output.progress, output.quiet, "reproduce");
  for (std::size_t i = 0; i < files.size() && !stop_on_interrupt().load(); ++i) {
    progress(static_cast<double>(i) / static_cast<double>(files.size()));
    for (report::ReproducedRow& row : reproduce(files[i], status)) rows.push_back(std::move(row));
  }
  const auto sources = report::accuracy_by_source(rows, *held_to);
  if (output.format == "json") {
    out.stream() << report::reproduction_json(rows, sources);
  } else if (output.format == "markdown") {
    out.stream() << report::reproduction_markdown(rows, sources);
  } else {
    out.stream() << with_headings(report::reproduction_table(rows, sources), output.color, output.path);
  }
  if (!out.finish()) return kInputOutput;
  if (stop_on_interrupt().load()) return complain("interrupted: what was done is above"), kInterrupted;
  const bool all_met = std::all_of(sources.begin(), sources.end(), [](const auto& s) { return s.met(); });
  return status != kDone ? status : all_met ? kDone : kNo;
}

}  // namespace

void add_reproduce(CLI::App& app, int& status) {
  auto command = std::make_shared<ReproduceCommand>();
  CLI::App& sub = *app.add_subcommand("reproduce", "Predicted beside published values, with errors by source");
  sub.add_option("FILE", command->files, "Scenarios with published values (default: all that come with Orrery)")
      ->option_text("FILE...");
  sub.add_option("--collectives", command->collectives,
                 "Measured collectives instead: nccl_single_node.csv, nccl_tests_logs.csv there")
      ->option_text("FOLDER");
  command->output.add_to(sub, {"table", "markdown", "json"});
  sub.footer(
      "Exits with status 1 where a source is further off than scenarios/published/bars.yaml allows.\n\n"
      "Examples:\n"
      "  orrery reproduce\n"
      "  orrery reproduce scenarios/korthikanti-*.yaml --format json");
  sub.callback([command, &status] { status = command->run(); });
}

}  // namespace orrery::cli

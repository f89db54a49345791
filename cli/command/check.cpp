#include <CLI/CLI.hpp>
#include <memory>

#include "cli/command/command.h"
#include "cli/console/messages.h"
#include "cli/console/output.h"
#include "cli/options/options.h"
#include "cli/work/pipeline.h"
#include "cli/work/print_config.h"
#include "cli/work/sweep/sweep_points.h"
#include "models/run/jobs.h"

namespace orrery::cli {
namespace {

struct CheckCommand {
  std::vector<std::string> files;
  ScenarioOptions scenario;
  bool strict = false, quiet = false, print = false;

  int run();
  int check_file(const std::string& file, const std::vector<models::Override>& overrides);
  int print_file(const std::string& file, const std::vector<models::Override>& overrides);
};

int CheckCommand::run() {
  const auto overrides = scenario.overrides();
  if (!overrides) return report(overrides.errors()), kUsage;
  if (print && files.size() > 1) return complain("check: --print-config is for one file"), kUsage;
  if (print) return print_file(files.front(), *overrides);
  Output out("");
  int status = kDone, faulty = 0;
  for (const std::string& file : files) {
    const int one = check_file(file, *overrides);
    if (one != kDone) ++faulty;
    status = std::max(status, one);
  }
  if (!quiet) {
    out.stream() << files.size() << (files.size() == 1 ? " file, " : " files, ") << faulty << " with findings\n";
    if (!out.finish()) return kInputOutput;
  }
  return status;
}

bool is_sweep(const std::string& file) {
  const Result<Node> document = read_document(file);
  return document && document->find("sweep") != nullptr;
}

// Reads and cross-checks, down to whether programs can be made of it; runs nothing.
int CheckCommand::check_file(const std::string& file, const std::vector<models::Override>& overrides) {
  const bool sweeps = is_sweep(file);
  if (sweeps)
    if (const auto points = SweepPoints::read(file, overrides); !points) return report(points.errors());
  const auto read = models::read_scenario(file, overrides);
  if (!read && sweeps) return kDone;  // its points are sound; by itself it need not be
  if (!read) return report(read.errors());
  models::Scenario alone = *read;
  alone.jobs.clear();
  const auto compiled = compile_placed(alone, file);
  if (!compiled) return report(compiled.errors());
  if (const Errors errors = models::check_calibrations(*read); !errors.empty()) return report(errors);
  for (const models::JobSpec& job : read->jobs)
    if (const auto other = compile_placed(*job.scenario, job.scenario->file); !other) return report(other.errors());
  if (!quiet)
    for (const std::string& warning : read->warnings) complain(file + ": warning: " + warning);
  return strict && !read->warnings.empty() ? kNo : kDone;
}

int CheckCommand::print_file(const std::string& file, const std::vector<models::Override>& overrides) {
  auto document = read_document(file);
  if (!document) return report(document.errors());
  auto root = models::with_overrides(std::move(document).value(), overrides);
  if (!root) return report(root.errors());
  const auto read = models::read_scenario(*root, file);
  if (!read) return report(read.errors());
  Output out("");
  print_config(out.stream(), *root, *read);
  return out.finish() ? kDone : kInputOutput;
}

}  // namespace

void add_check(CLI::App& app, int& status) {
  auto command = std::make_shared<CheckCommand>();
  CLI::App& sub = *app.add_subcommand("check", "Read and cross-check scenarios; run nothing");
  sub.add_option("FILE", command->files, "Scenario files")->required()->option_text("FILE...");
  command->scenario.add_to(sub);
  sub.add_flag("--strict", command->strict, "Exit with status 1 on warnings");
  sub.add_flag("-q,--quiet", command->quiet, "Errors only");
  sub.add_flag("--print-config", command->print,
               "Print every key, its value and where that came from; a scenario again");
  sub.footer(
      "Examples:\n"
      "  orrery check scenarios/*.yaml\n"
      "  orrery check my.yaml --set training.global_batch=512\n"
      "  orrery check my.yaml --print-config");
  sub.callback([command, &status] { status = command->run(); });
}

}  // namespace orrery::cli

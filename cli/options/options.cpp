#include "cli/options/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "cli/console/log.h"
#include "sim/base/read/suggest.h"

namespace orrery::cli {

std::string alternatives(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : "|") + name;
  return text;
}

void one_of(CLI::Option* option, const std::vector<std::string>& names) {
  option->option_text(alternatives(names));
  option->check([names](const std::string& value) {
    if (std::find(names.begin(), names.end(), value) != names.end()) return std::string();
    return "'" + value + "' is not one of " + alternatives(names) + did_you_mean(value, names);
  });
}

void ScenarioOptions::add_to(CLI::App& app) {
  app.add_option("--set", sets, "Set any key of the scenario; may be given again")
      ->option_text("KEY=VALUE")
      ->allow_extra_args(false);
  app.add_option("--steps", steps, "Steps to simulate; the last is measured (simulation.steps)")->option_text("N");
  app.add_option("--seed", seed, "Seed of the noise (simulation.seed)")->option_text("N");
}

Result<std::vector<models::Override>> ScenarioOptions::overrides() const {
  std::vector<models::Override> list;
  Errors errors;
  for (const std::string& set : sets) {
    const std::size_t equals = set.find('=');
    if (equals == 0 || equals == std::string::npos)
      errors.push_back({{"--set", 0, 0}, "'" + set + "' is not KEY=VALUE, as in layout.tp=4"});
    else
      list.push_back({set.substr(0, equals), set.substr(equals + 1)});
  }
  if (!errors.empty()) return errors;
  if (!steps.empty()) list.push_back({"simulation.steps", steps});
  if (!seed.empty()) list.push_back({"simulation.seed", seed});
  return list;
}

void OutputOptions::add_to(CLI::App& app, const std::vector<std::string>& formats) {
  one_of(app.add_option("--format", format, "How to print"), formats);
  app.add_option("-o,--output", path, "Write there instead of to standard output")->option_text("FILE");
  one_of(app.add_option("--color", color, "Colours; auto also asks NO_COLOR"), {"auto", "always", "never"});
  one_of(app.add_option("--progress", progress, "Progress of long runs, on standard error"),
         {"auto", "none", "bar", "json"});
  app.add_flag("-q,--quiet", quiet, "No progress, no remarks");
  add_log_options(app);
}

}  // namespace orrery::cli

#pragma once

#include <string>
#include <vector>

#include "models/scenario/reader.h"
#include "sim/base/result.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace orrery::cli {

// What several commands take alike.

// --set PATH=VALUE, --steps N, --seed N.
struct ScenarioOptions {
  std::vector<std::string> sets;
  std::string steps, seed;

  void add_to(CLI::App& app);
  Result<std::vector<models::Override>> overrides() const;
};

// --format, --output, --color, --quiet, --progress.
struct OutputOptions {
  std::string format = "table", path, color = "auto", progress = "auto";
  bool quiet = false;

  void add_to(CLI::App& app, const std::vector<std::string>& formats);
};

// Makes `option` take one of `names` only; anything else is told with a suggestion.
void one_of(CLI::Option* option, const std::vector<std::string>& names);

// "table|json": how a help text names them.
std::string alternatives(const std::vector<std::string>& names);

}  // namespace orrery::cli

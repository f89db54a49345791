#pragma once

#include <string>
#include <vector>

#include "models/scenario/scenario.h"
#include "sim/base/result.h"

namespace orrery::models {

// One `--set path=value`.
struct Override {
  std::string path;   // "layout.tp"
  std::string value;  // YAML text: "4", "[tp, pp, dp]"
};

// Reads a scenario file with its presets, applies `overrides`, fills in defaults
// (each listed), and cross-checks everything. All faults of a run at once; a
// key of the contract whose mechanism is not built yet is refused by name, with
// Fault::unsupported, never accepted and ignored.
Result<Scenario> read_scenario(const std::string& path, const std::vector<Override>& overrides = {});

// The same from text; `file` is its name in messages and its folder is where
// presets are looked for first.
Result<Scenario> parse_scenario(std::string_view text, const std::string& file, const std::vector<Override>& overrides = {});

// From the reader's own table of keys: the reference page and the JSON Schema.
std::string scenario_reference_markdown();
std::string scenario_json_schema();

}  // namespace orrery::models

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "models/scenario/scenario.h"
#include "sim/base/read/document.h"
#include "sim/base/read/search_path.h"
#include "sim/base/result.h"

namespace orrery::models {

// One `--set path=value`.
struct Override {
  std::string path;   // "layout.tp"
  std::string value;  // YAML text: "4", "[tp, pp, dp]"
};

struct ReadOptions {
  // False: a scenario that cannot be simulated yet still reads, so that its
  // parameters can be counted or its layout converted.
  bool refuse_unsupported = true;
  // True: it stands in another scenario's `jobs`, and may have none of its own.
  bool is_job = false;
};

// Reads a scenario file with its presets, applies `overrides`, fills in defaults
// (each listed), and cross-checks everything. All faults of a run at once; a
// key of the contract whose mechanism is not built yet is refused by name, with
// Fault::unsupported, never accepted and ignored.
Result<Scenario> read_scenario(const std::string& path, const std::vector<Override>& overrides = {},
                               const ReadOptions& options = {});

// The same from text; `file` is its name in messages and its folder is where
// presets are looked for first.
Result<Scenario> parse_scenario(std::string_view text, const std::string& file,
                                const std::vector<Override>& overrides = {}, const ReadOptions& options = {});

// The same from a tree that was read before, and the tree with overrides written into it.
Result<Scenario> read_scenario(Node root, const std::string& file, const std::vector<Override>& overrides = {},
                               const ReadOptions& options = {});
Result<Node> with_overrides(Node root, const std::vector<Override>& overrides);

// The file of a job (`jobs`) of a scenario in `folder`: beside it, or as the name says.
std::string job_file(const std::string& folder, const std::string& name);

// Every key of the scenario whose mechanism is not built yet, as errors with
// Fault::unsupported. Empty: it can be compiled and run.
Errors unsupported_yet(const Scenario& scenario);

// A model alone: a preset's name or the path of a Hugging Face config.json.
// `warnings`, when given, receives what could not be represented.
Result<ModelSpec> read_model(const std::string& name_or_path, const SearchPath& path,
                             std::vector<std::string>* warnings = nullptr);

// A software preset alone, inherited values filled in.
Result<Stack> read_software(const std::string& name, const SearchPath& path);

// From the reader's own table of keys: the reference page and the JSON Schema.
std::string scenario_reference_markdown();
std::string scenario_json_schema();

}  // namespace orrery::models

#include "interop/import/import.h"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>
#include <memory>

#include "cli/command/command.h"
#include "cli/console/messages.h"
#include "cli/console/output.h"
#include "cli/options/options.h"
#include "models/scenario/reader.h"
#include "sim/base/read/quantity.h"

namespace orrery::cli {
namespace {

using interop::Foreign;

// In the order of Foreign.
const std::vector<std::string> kFormats = {"hf", "megatron", "deepspeed", "torchtitan", "nemo", "nccl-xml", "chakra"};

struct ImportCommand {
  std::string from, output, table, gpus;
  interop::ImportOptions options;
  std::vector<std::string> files;
  bool quiet = false;

  int run();
  bool place_table();
  bool write_table(const interop::Draft& draft) const;
  void remark(const interop::Draft& draft, const std::string& yaml) const;
};

namespace fs = std::filesystem;

// Where the table of layers goes, and what the scenario calls it: relative to its own folder.
// Beside the scenario, under its name, where nobody says.
bool ImportCommand::place_table() {
  const fs::path folder = fs::path(output).parent_path();
  if (table.empty() && !output.empty()) table = fs::path(output).replace_extension(".layers.csv").string();
  if (table.empty()) return false;
  const fs::path there = fs::path(table).lexically_proximate(folder.empty() ? "." : folder);
  options.table = fs::path(table).is_absolute() == folder.is_absolute() ? there.string() : fs::absolute(table).string();
  return true;
}

bool ImportCommand::write_table(const interop::Draft& draft) const {
  Output out(table);
  if (!out.ok()) return false;
  out.stream() << draft.table();
  return out.finish();
}

int ImportCommand::run() {
  if (!gpus.empty()) {
    const auto count = parse_count(gpus, {"--gpus", 0, 0});
    if (!count || *count < 1 || *count > (4 << 20))
      return complain("--gpus: '" + gpus + "' is no number of GPUs"), kUsage;
    options.gpus = *count;
  }
  if (!table.empty() && (from != "chakra" || table == output))
    return complain("--table: " + std::string(from == "chakra" ? "names the scenario itself"
                                                               : "only execution traces (--from chakra) have one")),
           kUsage;
  const bool placed = place_table();
  const auto at = std::find(kFormats.begin(), kFormats.end(), from) - kFormats.begin();
  const auto draft = import_files(static_cast<Foreign>(at), files, options, SearchPath::standard(""));
  if (!draft) return report(draft.errors());
  if (!draft->table().empty() && !placed)
    return complain("the scenario needs its table of layers beside it: give -o FILE or --table FILE"), kUsage;
  std::string origin;
  for (const std::string& file : files) origin += (origin.empty() ? "" : ", ") + file;
  const std::string yaml = draft->yaml(origin + " (" + from + ")");
  if (!draft->table().empty() && !write_table(*draft)) return kInputOutput;
  Output out(output);
  if (!out.ok()) return kInputOutput;
  out.stream() << yaml;
  if (!out.finish()) return kInputOutput;
  if (!quiet) remark(*draft, yaml);
  return kDone;
}

// On standard error: how sure one can be of it, and what `orrery check` would say.
void ImportCommand::remark(const interop::Draft& draft, const std::string& yaml) const {
  for (const std::string& what : draft.unresolved()) complain("not resolved: " + what);
  if (draft.assumptions() > 0)
    complain(std::to_string(draft.assumptions()) + " values were assumed; each is marked in the scenario");
  models::ReadOptions all;
  all.refuse_unsupported = false;
  const std::string beside = (fs::path(output).parent_path() / "imported").string();
  const auto read = models::parse_scenario(yaml, beside, {}, all);
  if (read) return;
  complain("the scenario needs a hand before it reads:");
  (void)report(read.errors());
}

}  // namespace

void add_import(CLI::App& app, int& status) {
  auto command = std::make_shared<ImportCommand>();
  CLI::App& sub = *app.add_subcommand("import", "What you have, as a scenario");
  one_of(sub.add_option("--from", command->from, "Whose configuration it is")->required(), kFormats);
  sub.add_option(
         "FILE", command->files,
         "The file, and what it needs beside it: a script that it reads, a config.json. Of execution traces one\n"
         "PREFIX.RANK.et, PREFIX or their folder")
      ->required()
      ->option_text("FILE...");
  sub.add_option("--gpus", command->gpus, "GPUs of the job, where the file does not say")->option_text("N");
  sub.add_option("--cluster", command->options.cluster, "A cluster preset, in place of an assumed one")
      ->option_text("NAME");
  sub.add_option("--model", command->options.model, "A model preset or a config.json, where the file holds no model")
      ->option_text("NAME");
  sub.add_option("-o,--output", command->output, "Write there instead of to standard output")->option_text("FILE");
  sub.add_option("--table", command->table, "Write the table of layers of an execution trace there (beside -o FILE)")
      ->option_text("FILE");
  sub.add_flag("-q,--quiet", command->quiet, "No remarks on what was assumed");
  sub.footer(
      "The scenario marks every value that was assumed and lists what could not be resolved. Scripts are read,\n"
      "never run.\n"
      "Examples:\n"
      "  orrery import --from megatron train_llama3_8b.sh --gpus 64 --cluster dgx-h100 -o llama3-8b.yaml\n"
      "  orrery import --from deepspeed ds_config.json config.json --gpus 16\n"
      "  orrery import --from nccl-xml topo.xml\n"
      "  orrery import --from chakra traces/mlp.0.et -o mlp.yaml           # and mlp.layers.csv");
  sub.callback([command, &status] { status = command->run(); });
}

}  // namespace orrery::cli

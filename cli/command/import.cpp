#include "interop/import/import.h"

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "cli/command/command.h"
#include "cli/console/messages.h"
#include "cli/console/output.h"
#include "cli/options/options.h"
#include "models/scenario/reader.h"
#include "sim/base/quantity.h"

namespace orrery::cli {
namespace {

using interop::Foreign;

// In the order of Foreign.
const std::vector<std::string> kFormats = {"hf", "megatron", "deepspeed", "torchtitan", "nemo", "nccl-xml"};
const std::string kChakra = "chakra";

struct ImportCommand {
  std::string from, output, gpus;
  interop::ImportOptions options;
  std::vector<std::string> files;
  bool quiet = false;

  int run();
  void remark(const interop::Draft& draft, const std::string& yaml) const;
};

// An execution trace of MLCommons Chakra lists the operations of each rank, with their times and bytes.
int refuse_chakra(const std::string& file) {
  complain(file + ": --from chakra is not supported yet: an execution trace has operations and no model, cluster or " +
           "layout, which a scenario is made of; import the configuration that the run was started with");
  return kInvalid;
}

int ImportCommand::run() {
  if (from == kChakra) return refuse_chakra(files.front());
  if (!gpus.empty()) {
    const auto count = parse_count(gpus, {"--gpus", 0, 0});
    if (!count || *count < 1 || *count > (4 << 20))
      return complain("--gpus: '" + gpus + "' is no number of GPUs"), kUsage;
    options.gpus = *count;
  }
  const auto at = std::find(kFormats.begin(), kFormats.end(), from) - kFormats.begin();
  const auto draft = import_files(static_cast<Foreign>(at), files, options, SearchPath::standard(""));
  if (!draft) return report(draft.errors());
  std::string origin;
  for (const std::string& file : files) origin += (origin.empty() ? "" : ", ") + file;
  const std::string yaml = draft->yaml(origin + " (" + from + ")");
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
  const auto read = models::parse_scenario(yaml, "imported", {}, all);
  if (read) return;
  complain("the scenario needs a hand before it reads:");
  (void)report(read.errors());
}

}  // namespace

void add_import(CLI::App& app, int& status) {
  auto command = std::make_shared<ImportCommand>();
  CLI::App& sub = *app.add_subcommand("import", "What you have, as a scenario");
  std::vector<std::string> known = kFormats;
  known.push_back(kChakra);
  one_of(sub.add_option("--from", command->from, "Whose configuration it is")->required(), known);
  sub.add_option("FILE", command->files, "The file, and what it needs beside it: a script that it reads, a config.json")
      ->required()
      ->option_text("FILE...");
  sub.add_option("--gpus", command->gpus, "GPUs of the job, where the file does not say")->option_text("N");
  sub.add_option("--cluster", command->options.cluster, "A cluster preset, in place of an assumed one")
      ->option_text("NAME");
  sub.add_option("--model", command->options.model, "A model preset or a config.json, where the file holds no model")
      ->option_text("NAME");
  sub.add_option("-o,--output", command->output, "Write there instead of to standard output")->option_text("FILE");
  sub.add_flag("-q,--quiet", command->quiet, "No remarks on what was assumed");
  sub.footer(
      "The scenario marks every value that was assumed and lists what could not be resolved. Scripts are read,\n"
      "never run.\n"
      "Examples:\n"
      "  orrery import --from megatron train_llama3_8b.sh --gpus 64 --cluster dgx-h100 -o llama3-8b.yaml\n"
      "  orrery import --from deepspeed ds_config.json config.json --gpus 16\n"
      "  orrery import --from nccl-xml topo.xml");
  sub.callback([command, &status] { status = command->run(); });
}

}  // namespace orrery::cli

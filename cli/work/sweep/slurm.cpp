#include "cli/work/sweep/slurm.h"

#include <sys/wait.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <memory>

#include "cli/command/command.h"
#include "cli/console/messages.h"
#include "cli/options/options.h"
#include "cli/options/run_cap_option.h"
#include "cli/work/sweep/sweep_points.h"
#include "sweep/crew/slurm.h"

namespace orrery::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t kMostTasks = 1000;  // MaxArraySize is 1001 where nobody has changed it

struct Submit {
  std::string file, folder, engine = "slurm";
  ScenarioOptions scenario;
  std::uint32_t shards = 8;
  std::vector<std::string> options;
  RunCapOption run_cap;
  bool dry_run = false;

  int run();
  int submit(const sweep::SlurmJob& job) const;
};

// Points of a shard that are done. A fault where its task would be refused too: the store is of another sweep or
// of another number of shards.
Result<std::size_t> done_of(const std::string& path, const sweep::Meta& meta, const RunCapOption& cap) {
  const Result<sweep::Store> store = sweep::Store::read(path);
  if (!store) return std::size_t{0};
  if (const auto why = store->misfit(meta)) return *why;
  const auto is_done = [&](const sweep::Row& row) {
    return row.outcome.status != sweep::Status::failed && !cap.takes_up(row.outcome);
  };
  const Result<std::vector<sweep::Row>> rows = store->rows();
  return rows ? static_cast<std::size_t>(std::ranges::count_if(*rows, is_done)) : std::size_t{0};
}

// Shards whose store is not there, cannot be read, or lacks points.
Result<std::vector<std::uint32_t>> shards_to_run(const SweepPoints& points, const std::string& folder,
                                                 std::uint32_t shards, const RunCapOption& cap) {
  std::vector<std::uint32_t> missing;
  Errors errors;
  for (std::uint32_t i = 0; i < shards; ++i) {
    const Result<std::size_t> done =
        done_of(folder + "/shard-" + std::to_string(i) + ".sqlite", points.meta(i, shards), cap);
    if (!done)
      errors.insert(errors.end(), done.errors().begin(), done.errors().end());
    else if (*done < points.of_shard(i, shards).size())
      missing.push_back(i);
  }
  if (!errors.empty()) return errors;
  return missing;
}

bool write(const std::string& path, const std::string& text) {
  std::ofstream out(path, std::ios::trunc);
  out << text;
  out.flush();
  if (!out) complain(path + ": cannot be written");
  return static_cast<bool>(out);
}

// What the command prints; empty when it fails.
std::string output_of(const std::string& command) {
  std::FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return "";
  std::string text;
  std::array<char, 256> part{};
  while (std::fgets(part.data(), static_cast<int>(part.size()), pipe) != nullptr) text += part.data();
  return pclose(pipe) == 0 ? text : "";
}

bool is_on_path(const char* program) {
  return std::system((std::string("command -v ") + program + " > /dev/null 2>&1").c_str()) == 0;
}

int Submit::run() {
  const auto overrides = scenario.overrides();
  if (!overrides) return report(overrides.errors()), kUsage;
  if (const Errors errors = run_cap.read(); !errors.empty()) return report(errors), kUsage;
  if (shards < 1 || shards > kMostTasks)
    return complain("--shards is 1 to " + std::to_string(kMostTasks) + ": a task works through a shard, not a point"),
           kUsage;
  if (!dry_run && !is_on_path("sbatch"))
    return complain("there is no sbatch on the PATH; --dry-run writes the scripts alone"), kMissing;
  const DocumentCache presets;
  const Result<SweepPoints> points = SweepPoints::read(file, *overrides);
  if (!points) return report(points.errors());
  std::error_code error;
  if (folder.empty()) folder = fs::path(file).stem().string() + "-shards";
  fs::create_directories(folder, error);
  if (error) return complain(folder + ": cannot be made: " + error.message()), kInputOutput;

  sweep::SlurmJob job;
  job.program = fs::read_symlink("/proc/self/exe", error).string();
  job.file = fs::absolute(file).string();
  job.folder = fs::absolute(folder).string();
  job.shards = shards;
  for (const models::Override& o : *overrides)
    job.arguments.insert(job.arguments.end(), {"--set", o.path + "=" + o.value});
  if (!run_cap.text.empty()) job.arguments.insert(job.arguments.end(), {"--run-cap", run_cap.text});
  Result<std::vector<std::uint32_t>> tasks = shards_to_run(*points, folder, shards, run_cap);
  if (!tasks) return report(tasks.errors());
  job.tasks = std::move(*tasks);
  job.sbatch_options = options;
  if (job.tasks.empty()) {
    complain("every shard in " + folder + " is complete");
    return kDone;
  }
  return submit(job);
}

int Submit::submit(const sweep::SlurmJob& job) const {
  const std::string array = folder + "/array.sh", merge = folder + "/merge.sh";
  if (!write(array, sweep::array_script(job)) || !write(merge, sweep::merge_script(job))) return kInputOutput;
  if (dry_run) {
    complain("wrote " + array + " and " + merge + ", shards " + sweep::array_of(job.tasks) + "; nothing was submitted");
    return kDone;
  }
  const std::string id = output_of("sbatch --parsable " + sweep::shell_word(array));
  const std::string number = id.substr(0, id.find_first_of(";\n"));
  if (number.empty()) return complain("sbatch refused " + array), kMissing;
  const std::string second =
      output_of("sbatch --parsable --dependency=afterany:" + number + " " + sweep::shell_word(merge));
  if (second.empty()) return complain("sbatch refused " + merge), kMissing;
  complain("submitted shards " + sweep::array_of(job.tasks) + " as job " + number + ", their merge as job " +
           second.substr(0, second.find_first_of(";\n")) + "; results will be in " + folder + "/sweep.sqlite");
  return kDone;
}

}  // namespace

void add_sweep_submit(CLI::App& sweeps, int& status) {
  auto command = std::make_shared<Submit>();
  CLI::App& sub = *sweeps.add_subcommand("submit", "Run a sweep as a Slurm job array; again: what is missing");
  sub.add_option("FILE", command->file, "Scenario with a sweep: section")->required();
  command->scenario.add_to(sub);
  one_of(sub.add_option("--engine", command->engine, "Who runs the shards: slurm")->option_text("slurm"), {"slurm"});
  sub.add_option("--shards", command->shards, "Tasks of the array (default: 8)")->option_text("N");
  sub.add_option("--folder", command->folder, "Where scripts, logs and stores go (default: FILE's name, -shards)")
      ->option_text("DIR");
  sub.add_option("--sbatch", command->options, "An option for sbatch, as --partition=cpu; may be given again")
      ->option_text("OPTION");
  command->run_cap.add_to(sub);
  sub.add_flag("--dry-run", command->dry_run, "Write the scripts, submit nothing");
  sub.footer("Example:\n  orrery sweep submit my.yaml --shards 64 --sbatch=--partition=cpu --sbatch=--cpus-per-task=8");
  sub.callback([command, &status] { status = command->run(); });
}

}  // namespace orrery::cli

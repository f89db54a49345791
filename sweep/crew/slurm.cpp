#include "sweep/crew/slurm.h"

namespace orrery::sweep {

std::string shell_word(const std::string& text) {
  constexpr const char* kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=:,%+@";
  if (!text.empty() && text.find_first_not_of(kPlain) == std::string::npos) return text;
  std::string word = "'";
  for (const char c : text) word += c == '\'' ? "'\\''" : std::string(1, c);
  return word + "'";
}

std::string array_of(const std::vector<std::uint32_t>& tasks) {
  std::string text;
  for (std::size_t i = 0; i < tasks.size();) {
    std::size_t last = i;
    while (last + 1 < tasks.size() && tasks[last + 1] == tasks[last] + 1) ++last;
    text += (text.empty() ? "" : ",") + std::to_string(tasks[i]);
    if (last > i) text += "-" + std::to_string(tasks[last]);
    i = last + 1;
  }
  return text;
}

std::string shard_store(const SlurmJob& job, const std::string& shard) {
  return shell_word(job.folder + "/shard-") + shard + ".sqlite";
}

namespace {

// As sbatch reads a file's name: quoted as a shell would, and with its own patterns (%a) told from a percent sign.
std::string sbatch_file(const std::string& folder, const std::string& pattern) {
  std::string path;
  for (const char c : folder) path += c == '%' ? "%%" : std::string(1, c);
  return shell_word(path + "/" + pattern);
}

std::string head(const SlurmJob& job, const std::string& name, const std::string& log) {
  std::string text = "#!/bin/bash\n#SBATCH --job-name=" + name + "\n";
  text += "#SBATCH --output=" + sbatch_file(job.folder, log) + "\n";
  for (const std::string& option : job.sbatch_options) text += "#SBATCH " + option + "\n";
  return text;
}

}  // namespace

// A task that is killed and requeued goes on where its store ends.
std::string array_script(const SlurmJob& job) {
  std::string text = head(job, "orrery-sweep", "shard-%a.log");
  text += "#SBATCH --array=" + array_of(job.tasks) + "\n#SBATCH --requeue\nset -e\n";
  text += "exec " + shell_word(job.program) + " sweep run " + shell_word(job.file);
  for (const std::string& argument : job.arguments) text += " " + shell_word(argument);
  text += " --shard \"$SLURM_ARRAY_TASK_ID/" + std::to_string(job.shards) + "\" --store " +
          shard_store(job, "\"$SLURM_ARRAY_TASK_ID\"") + " --jobs \"${SLURM_CPUS_PER_TASK:-1}\" --progress auto\n";
  return text;
}

std::string merge_script(const SlurmJob& job) {
  std::string text = head(job, "orrery-sweep-merge", "merge.log") + "set -e\n";
  text += shell_word(job.program) + " sweep merge --skip-broken --into " + shell_word(job.folder + "/sweep.sqlite") +
          " " + shard_store(job, "*") + "\n";
  text += "exec " + shell_word(job.program) + " sweep status " + shell_word(job.folder + "/sweep.sqlite") + "\n";
  return text;
}

}  // namespace orrery::sweep

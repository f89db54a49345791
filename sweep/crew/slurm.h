#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace orrery::sweep {

// A sweep as a Slurm job array, a shard a task, and a job that joins them.
struct SlurmJob {
  std::string program;                 // orrery
  std::string file;                    // scenario
  std::vector<std::string> arguments;  // of every task: --set …
  std::string folder;                  // of the shards' stores, logs and scripts
  std::uint32_t shards = 1;
  std::vector<std::uint32_t> tasks;         // shards to run, ascending
  std::vector<std::string> sbatch_options;  // "--partition=cpu"
};

// "0-3,7": how Slurm writes a set of tasks.
std::string array_of(const std::vector<std::uint32_t>& tasks);

std::string shard_store(const SlurmJob& job, const std::string& shard);  // by number, or by the name of a variable

// Scripts for sbatch. The second is to run after the first, whatever became of its tasks.
std::string array_script(const SlurmJob& job);
std::string merge_script(const SlurmJob& job);

// A word for the shell, in quotes where it needs them.
std::string shell_word(const std::string& text);

}  // namespace orrery::sweep

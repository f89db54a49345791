#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "validate/run_record.h"

namespace orrery::cli {

// The program orrery-gpu, which alone is linked with CUDA's libraries ($ORRERY_GPU).
std::optional<std::string> find_gpu_helper();

inline constexpr int kGpuDeadline = 120;  // seconds

// The helper as a program that is started and ends.
class GpuHelper {
 public:
  static std::optional<GpuHelper> find();

  // 0 without a GPU or driver.
  int gpus() const;

  // Runs `arguments` of its command `run` in one process, or in `processes` of this host
  // that meet at a free port and wait for each other for `deadline`; what rank 0 recorded. Errors say
  // which process ended how when there is no record.
  Result<validate::RunRecord> run(const std::vector<std::string>& arguments, int processes,
                                  std::chrono::seconds deadline) const;

  // Runs it with `arguments` in `processes` of this host that meet at a free port; 0, or the
  // first status in order of rank that is not.
  int run_all(const std::vector<std::string>& arguments, int processes, std::chrono::seconds deadline) const;
  const std::string& path() const { return path_; }

 private:
  std::vector<int> start_all(const std::vector<std::string>& arguments, int processes,
                             std::chrono::seconds deadline) const;
  explicit GpuHelper(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace orrery::cli

#pragma once

#include <optional>
#include <string>
#include <vector>

namespace orrery::cli {

// The program that runs things on GPUs: orrery-gpu in the folder of this program.
// It alone is linked with CUDA's libraries.
std::optional<std::string> find_gpu_helper();

// Goes on as the helper, with these arguments: its exit status is ours. Comes back
// only where that fails, with a status.
int become_gpu_helper(const std::string& helper, const std::vector<std::string>& arguments);

}  // namespace orrery::cli

#include "cli/gpu_helper.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "cli/command.h"
#include "cli/messages.h"

namespace orrery::cli {

std::optional<std::string> find_gpu_helper() {
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return std::nullopt;
  const std::string helper = (self.parent_path() / "orrery-gpu").string();
  if (access(helper.c_str(), X_OK) != 0) return std::nullopt;
  return helper;
}

int become_gpu_helper(const std::string& helper, const std::vector<std::string>& arguments) {
  std::vector<std::string> words{helper};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  execv(helper.c_str(), argv.data());
  complain(helper + ": cannot be started: " + std::strerror(errno));
  return kMissing;
}

}  // namespace orrery::cli

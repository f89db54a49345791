#include "cli/process/helper.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "cli/command/command.h"
#include "cli/console/messages.h"

namespace orrery::cli {

namespace fs = std::filesystem;

std::optional<std::string> find_helper(const std::string& name, const char* variable) {
  if (const char* said = std::getenv(variable); said != nullptr && *said != '\0')
    return ::access(said, X_OK) == 0 ? std::optional<std::string>(said) : std::nullopt;
  std::error_code error;
  const fs::path here = fs::read_symlink("/proc/self/exe", error).parent_path();
  for (const fs::path& path : {here / name, here.parent_path() / "libexec/orrery" / name})
    if (!error && ::access(path.c_str(), X_OK) == 0) return path.string();
  return std::nullopt;
}

std::vector<std::string> own_arguments() {
  std::ifstream words("/proc/self/cmdline", std::ios::binary);
  std::vector<std::string> all;
  for (std::string word; std::getline(words, word, '\0');) all.push_back(word);
  if (!all.empty()) all.erase(all.begin());
  return all;
}

int become_helper(const std::string& helper, const std::vector<std::string>& arguments) {
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

#include "interop/import/chakra/read/files.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include "interop/import/chakra/read/world.h"

namespace orrery::interop::chakra {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostFiles = 4096;

// "folder/prefix" of "folder/prefix.3.et".
std::string prefix_of(const std::string& file) {
  const std::string numbered = file.substr(0, file.size() - 3);
  return numbered.substr(0, numbered.find_last_of('.'));
}

// Traces in a folder by their prefix.
std::map<std::string, std::vector<std::string>> traces_in(const fs::path& folder) {
  std::map<std::string, std::vector<std::string>> found;
  std::error_code none;
  for (fs::directory_iterator at(folder.empty() ? fs::path(".") : folder, none), end; !none && at != end;
       at.increment(none)) {
    const std::string file = (folder / at->path().filename()).string();
    if (rank_of(file) >= 0) found[prefix_of(file)].push_back(file);
  }
  for (auto& [prefix, files] : found)
    std::sort(files.begin(), files.end(),
              [](const std::string& a, const std::string& b) { return rank_of(a) < rank_of(b); });
  return found;
}

Result<std::vector<std::string>> of_folder(const std::string& folder) {
  const auto found = traces_in(folder);
  if (found.empty()) return Error{{folder, 0, 0}, "holds no PREFIX.RANK.et", Fault::io};
  if (found.size() > 1)
    return Error{{folder, 0, 0},
                 "holds traces of several jobs: name one, " + found.begin()->first + " or " + found.rbegin()->first};
  return found.begin()->second;
}

Result<std::vector<std::string>> of_one(const std::string& name) {
  std::error_code none;
  if (fs::is_directory(name, none)) return of_folder(name);
  const bool is_file = fs::exists(name, none);
  if (is_file && rank_of(name) < 0) return std::vector<std::string>{name};
  const std::string prefix = is_file ? prefix_of(name) : name;
  auto found = traces_in(fs::path(prefix).parent_path());
  const auto files = found.find((fs::path(prefix).parent_path() / fs::path(prefix).filename()).string());
  if (files != found.end()) return std::move(files->second);
  return Error{{name, 0, 0}, "cannot be opened, and there is no " + name + ".RANK.et", Fault::io};
}

}  // namespace

Result<std::vector<std::string>> trace_files(const std::vector<std::string>& named) {
  Result<std::vector<std::string>> files = named.size() == 1 ? of_one(named[0]) : named;
  if (files && files->size() > kMostFiles)
    return Error{{named[0], 0, 0},
                 "are the traces of " + std::to_string(files->size()) + " ranks; at most 4,096 are read at once"};
  return files;
}

}  // namespace orrery::interop::chakra

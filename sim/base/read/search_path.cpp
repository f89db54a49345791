#include "sim/base/read/search_path.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <set>

#include "sim/base/read/suggest.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;

// <prefix>/share/orrery/scenarios for a program in <prefix>/bin, so that an
// installation that was moved still finds its data.
std::string beside_the_program() {
  std::error_code none;
  const fs::path program = fs::read_symlink("/proc/self/exe", none);
  if (none) return {};
  return (program.parent_path().parent_path() / "share/orrery/scenarios").string();
}

void add_folder(std::vector<std::string>& roots, const std::string& folder) {
  std::error_code none;
  if (folder.empty() || !fs::is_directory(folder, none)) return;
  if (std::find(roots.begin(), roots.end(), folder) == roots.end()) roots.push_back(folder);
}

// A preset's name is a name, not a way out of the folder.
bool is_plain_name(std::string_view name) {
  return !name.empty() && name.front() != '.' && name.find_first_of("/\\") == std::string_view::npos &&
         name.find('\0') == std::string_view::npos;
}

}  // namespace

SearchPath SearchPath::standard(const std::string& beside) {
  std::vector<std::string> roots;
  add_folder(roots, beside.empty() ? "." : beside);
  if (const char* variable = std::getenv("ORRERY_PATH")) {
    std::string_view rest = variable;
    while (!rest.empty()) {
      const std::size_t colon = std::min(rest.find(':'), rest.size());
      add_folder(roots, std::string(rest.substr(0, colon)));
      rest.remove_prefix(std::min(colon + 1, rest.size()));
    }
  }
  add_folder(roots, beside_the_program());
#ifdef ORRERY_SOURCE_DATA
  add_folder(roots, ORRERY_SOURCE_DATA);
#endif
#ifdef ORRERY_INSTALLED_DATA
  add_folder(roots, ORRERY_INSTALLED_DATA);
#endif
  return SearchPath(std::move(roots));
}

Result<std::string> SearchPath::find(std::string_view folder, std::string_view name, const Where& asked_at) const {
  std::error_code none;
  if (is_plain_name(name)) {
    for (const std::string& root : roots_) {
      const fs::path file = fs::path(root) / folder / (std::string(name) + ".yaml");
      if (fs::is_regular_file(file, none)) return file.string();
    }
  }
  std::string looked;
  for (const std::string& root : roots_) looked += (looked.empty() ? "" : ", ") + (fs::path(root) / folder).string();
  const std::vector<std::string> known = names(folder);
  return Error{asked_at, "no preset '" + std::string(name.substr(0, 80)) + "' in " +
                             (looked.empty() ? "an empty search path" : looked) + did_you_mean(name, known)};
}

std::vector<std::string> SearchPath::names(std::string_view folder) const {
  std::set<std::string> found;
  std::error_code none;
  for (const std::string& root : roots_) {
    for (fs::directory_iterator entry(fs::path(root) / folder, none), end; !none && entry != end;
         entry.increment(none)) {
      if (entry->path().extension() == ".yaml") found.insert(entry->path().stem().string());
    }
    none.clear();
  }
  return {found.begin(), found.end()};
}

}  // namespace orrery

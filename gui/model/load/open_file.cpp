#include "gui/model/load/open_file.h"

#include <filesystem>
#include <fstream>
#include <iterator>

namespace orrery::gui {
namespace {

bool is_scenario(const std::string& path) {
  return path.ends_with(".yaml") || path.ends_with(".yml");
}

}  // namespace

Result<Opened> open_result(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string json{std::istreambuf_iterator<char>(file), {}};
  auto page = read_result(json, path);
  if (!page) return page.errors();
  Opened opened;
  opened.page = std::make_shared<const ResultPage>(std::move(*page));
  return opened;
}

Result<Opened> open_file(const std::string& path, OpenWatch& watch, const OpenOptions& options) {
  if (std::filesystem::is_directory(path)) return Error{{path, 0, 0}, "is a directory, not a file", Fault::io};
  const bool is_trace = !is_scenario(path) && !is_result_file(path);
  if ((options.from || options.to) && !is_trace)
    return Error{{path, 0, 0}, "--from and --to choose a part of a trace, and this is none"};
  if (is_trace) return open_trace(path, watch, options);
  return is_scenario(path) ? open_scenario(path, watch, options) : open_result(path);
}

}  // namespace orrery::gui

#include "gui/model/load/open_file.h"

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
  if (is_scenario(path)) return open_scenario(path, watch, options);
  return is_result_file(path) ? open_result(path) : open_trace(path, watch, options);
}

}  // namespace orrery::gui

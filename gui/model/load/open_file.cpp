#include "gui/model/load/open_file.h"

namespace orrery::gui {
namespace {

bool is_scenario(const std::string& path) {
  return path.ends_with(".yaml") || path.ends_with(".yml");
}

}  // namespace

Result<Opened> open_file(const std::string& path, OpenWatch& watch, const OpenOptions& options) {
  return is_scenario(path) ? open_scenario(path, watch, options) : open_trace(path, watch, options);
}

}  // namespace orrery::gui

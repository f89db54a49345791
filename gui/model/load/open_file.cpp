#include "gui/model/load/open_file.h"

namespace orrery::gui {

Result<Opened> open_file(const std::string& path, OpenWatch& watch) {
  return open_trace(path, watch);
}

}  // namespace orrery::gui

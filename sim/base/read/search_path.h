#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sim/base/result.h"

namespace orrery {

// Where presets are looked for: beside the scenario, then in $ORRERY_PATH
// (colon-separated), then in the data that was installed (or, in a build tree,
// the source's scenarios/ folder).
class SearchPath {
 public:
  // `beside` is the folder of the scenario file, empty when there is none.
  static SearchPath standard(const std::string& beside);
  explicit SearchPath(std::vector<std::string> roots) : roots_(std::move(roots)) {}

  const std::vector<std::string>& roots() const { return roots_; }

  // The first existing `<root>/<folder>/<name>.yaml`. An error lists what was
  // looked through and suggests the nearest name that exists.
  Result<std::string> find(std::string_view folder, std::string_view name, const Where& asked_at) const;

  // Every preset name in `folder`, sorted, without repeats.
  std::vector<std::string> names(std::string_view folder) const;

 private:
  std::vector<std::string> roots_;
};

}  // namespace orrery

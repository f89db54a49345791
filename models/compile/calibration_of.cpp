#include "models/compile/calibration_of.h"

#include <filesystem>

#include "sim/base/read/document.h"
#include "sim/base/read/search_path.h"

namespace orrery::models {

namespace fs = std::filesystem;

// A pipe or a device that a stranger's scenario names is not waited for.
std::optional<std::string> find_calibration(const std::string& scenario_file, const std::string& name) {
  std::error_code none;
  const fs::path folder = fs::path(scenario_file).parent_path();
  std::vector<fs::path> places{folder / name, name};
  const SearchPath path = SearchPath::standard(folder.string());
  for (const std::string& root : path.roots()) places.push_back(fs::path(root) / "calibrations" / name);
  for (const fs::path& place : places)
    if (fs::is_regular_file(place, none)) return place.string();
  return std::nullopt;
}

Result<std::optional<Calibration>> calibration_of(const Scenario& scenario) {
  if (scenario.calibration.empty()) return std::optional<Calibration>();
  const Where asked_at = scenario.at("calibration");
  const auto path = find_calibration(scenario.file, scenario.calibration);
  if (!path) return Error{asked_at, "there is no calibration file '" + scenario.calibration + "'", Fault::io};
  Result<Calibration> calibration = remembered("calibration " + *path, [&] { return read_calibration(*path); });
  if (!calibration) return calibration.errors();
  if (calibration->gpu != scenario.cluster.gpu.name)
    return Error{asked_at,
                 *path + " was measured on " + calibration->gpu + ", but the cluster has " + scenario.cluster.gpu.name};
  return std::optional(std::move(calibration).value());
}

}  // namespace orrery::models

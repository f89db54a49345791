#include "models/compile/calibration_of.h"

#include <filesystem>

#include "sim/base/search_path.h"

namespace orrery::models {
namespace {

namespace fs = std::filesystem;

// A pipe or a device that a stranger's scenario names is not waited for.
std::optional<std::string> locate(const Scenario& scenario) {
  std::error_code none;
  const fs::path folder = fs::path(scenario.file).parent_path();
  std::vector<fs::path> places{folder / scenario.calibration, scenario.calibration};
  const SearchPath path = SearchPath::standard(folder.string());
  for (const std::string& root : path.roots()) places.push_back(fs::path(root) / "calibrations" / scenario.calibration);
  for (const fs::path& place : places)
    if (fs::is_regular_file(place, none)) return place.string();
  return std::nullopt;
}

}  // namespace

Result<std::optional<Calibration>> calibration_of(const Scenario& scenario) {
  if (scenario.calibration.empty()) return std::optional<Calibration>();
  const Where asked_at = scenario.at("calibration");
  const auto path = locate(scenario);
  if (!path) return Error{asked_at, "there is no calibration file '" + scenario.calibration + "'", Fault::io};
  Result<Calibration> calibration = read_calibration(*path);
  if (!calibration) return calibration.errors();
  if (calibration->gpu != scenario.cluster.gpu.name)
    return Error{asked_at,
                 *path + " was measured on " + calibration->gpu + ", but the cluster has " + scenario.cluster.gpu.name};
  return std::optional(std::move(calibration).value());
}

}  // namespace orrery::models

#include "cli/work/sweep/sweep_scenarios.h"

#include <algorithm>
#include <filesystem>

#include "models/compile/calibration_of.h"
#include "sim/base/text.h"
#include "sweep/version.h"
#include "topology/read/preset.h"

namespace orrery::cli {
namespace {

constexpr std::size_t kLargestCalibration = 256u << 20, kLargestScenario = 16u << 20;

std::string folder_of(const std::string& file) {
  return std::filesystem::path(file).parent_path().string();
}

// Of the calibrations that points take times from, wherever they lie.
std::string calibrations_version(const Node& root, const std::vector<sweep::Axis>& axes, const std::string& file) {
  std::vector<std::string> names;
  if (const Node* name = root.find("calibration")) names.push_back(name->text);
  for (const sweep::Axis& axis : axes)
    if (axis.path == "calibration") names.insert(names.end(), axis.values.begin(), axis.values.end());
  std::string versions;
  for (std::string& name : names) {
    std::erase(name, '"');  // swept values are YAML
    const auto path = models::find_calibration(file, name);
    const auto text = path ? read_text_file(*path, kLargestCalibration) : Result<std::string>(std::string());
    if (text) versions += sweep::to_hex(sweep::key_of(*text));
  }
  return versions;
}

// Of the other scenarios on the fabric.
std::string jobs_version(const Node& root, const std::string& file) {
  std::string versions;
  const Node* jobs = root.find("jobs");
  if (jobs == nullptr) return versions;
  for (const Node& job : jobs->items) {
    const Node* name = job.find("scenario");
    if (name == nullptr) continue;
    const std::string folder = std::filesystem::path(file).parent_path().string();
    const auto text = read_text_file(models::job_file(folder, name->text), kLargestScenario);
    if (text) versions += sweep::to_hex(sweep::key_of(*text));
  }
  return versions;
}

// A value of the axis is YAML: a name, maybe in quotes.
std::string plain(std::string name) {
  std::erase(name, '"');
  return name;
}

Result<Node> read_base(const std::string& file, const Node& top) {
  Result<Node> root = read_document(file);
  if (!root) return root;
  if (const Node* section = root->find("sweep"))
    return Error{section->where, "a scenario that a sweep names has no 'sweep' of its own"};
  return topology::overlay(*root, top);
}

}  // namespace

Result<SweepScenarios> SweepScenarios::read(const std::string& file, Node root, const sweep::Space& space) {
  SweepScenarios scenarios;
  const auto axis =
      std::find_if(space.axes().begin(), space.axes().end(), [](const sweep::Axis& a) { return a.path == kAxis; });
  if (axis == space.axes().end()) {
    scenarios.bases_.push_back({file, std::move(root)});
    return scenarios;
  }
  scenarios.axis_ = static_cast<std::size_t>(axis - space.axes().begin());
  Errors errors;
  for (const std::string& value : axis->values) {
    const std::string path = models::job_file(folder_of(file), plain(value));
    Result<Node> base = read_base(path, root);
    if (base)
      scenarios.bases_.push_back({path, std::move(*base)});
    else
      errors.insert(errors.end(), base.errors().begin(), base.errors().end());
  }
  if (!errors.empty()) return errors;
  return scenarios;
}

const SweepScenarios::Base& SweepScenarios::of(const sweep::Space& space, std::uint64_t point) const {
  if (axis_ == SIZE_MAX) return bases_.front();
  const std::vector<std::string>& values = space.axes()[axis_].values;
  const auto at = std::find(values.begin(), values.end(), space.value(point, axis_));
  return bases_[static_cast<std::size_t>(at - values.begin())];
}

std::string SweepScenarios::name(const sweep::Space& space, std::uint64_t point) const {
  return axis_ == SIZE_MAX ? bases_.front().file : plain(space.value(point, axis_));
}

std::vector<models::Override> SweepScenarios::overrides(const sweep::Space& space, std::uint64_t point) {
  std::vector<models::Override> all = space.overrides(point);
  std::erase_if(all, [](const models::Override& o) { return o.path == kAxis; });
  return all;
}

std::string SweepScenarios::data_version(const sweep::Space& space) const {
  std::string versions;
  std::string last_folder;
  for (const Base& base : bases_) {
    const std::string folder = folder_of(base.file);
    if (versions.empty() || folder != last_folder) versions += sweep::data_version(SearchPath::standard(folder));
    last_folder = folder;
    versions += calibrations_version(base.root, space.axes(), base.file) + jobs_version(base.root, base.file);
    if (axis_ != SIZE_MAX) versions += sweep::to_hex(sweep::key_of(flow_text(base.root, true)));
  }
  return axis_ == SIZE_MAX ? versions : sweep::to_hex(sweep::key_of(versions));
}

}  // namespace orrery::cli

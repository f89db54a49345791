// `jobs`: other scenarios on the same fabric.
#include <filesystem>
#include <string>

#include "models/scenario/reader.h"
#include "models/scenario/reading.h"

namespace orrery::models {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostJobs = 64;
constexpr std::int64_t kMostNodes = 4 << 20;

std::shared_ptr<const Scenario> read_job(Reading& reading, const std::string& name, const Where& where) {
  std::error_code none;
  const std::string path = job_file(reading.folder, name);
  if (!fs::is_regular_file(path, none)) {
    reading.fail(where, "there is no scenario " + quote(name), Fault::io);
    return nullptr;
  }
  ReadOptions options;
  options.is_job = true;
  Result<Scenario> scenario = read_scenario(path, {}, options);
  if (scenario) return std::make_shared<const Scenario>(std::move(*scenario));
  reading.errors.insert(reading.errors.end(), scenario.errors().begin(), scenario.errors().end());
  return nullptr;
}

void read_one(Reading& reading, const Node& item) {
  Fields fields(item, "jobs", reading.errors);
  fields.require({"scenario", "first_node"});
  const std::optional<std::string> name = fields.text("scenario");
  const std::optional<std::int64_t> first = fields.count("first_node", 0, kMostNodes);
  fields.finish();
  if (!name || !first) return;
  std::shared_ptr<const Scenario> scenario = read_job(reading, *name, fields.at("scenario"));
  if (scenario)
    reading.scenario.jobs.push_back({std::move(scenario), static_cast<int>(*first), fields.at("first_node")});
}

}  // namespace

std::string job_file(const std::string& folder, const std::string& name) {
  const fs::path beside = fs::path(folder) / name;
  std::error_code none;
  return fs::is_regular_file(beside, none) ? beside.string() : name;
}

void read_jobs(Reading& reading, const Key& key, const Node& node) {
  if (reading.is_job)
    return reading.fail(node.where, "a scenario in another's 'jobs' has no 'jobs' of its own; list them all in one");
  if (!node.is_list() || node.items.empty() || node.items.size() > kMostJobs)
    return reading.fail(node.where, quote(key.name()) + " must be a list of 1 to " + std::to_string(kMostJobs) +
                                        " jobs, as in [{scenario: other.yaml, first_node: 1024}]");
  for (const Node& item : node.items) read_one(reading, item);
}

}  // namespace orrery::models

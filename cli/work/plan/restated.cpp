#include "cli/work/plan/restated.h"

#include <vector>

#include "models/schedules/schedule.h"

namespace orrery::cli {
namespace {

std::string list_of(const std::vector<int>& numbers) {
  std::string text;
  for (const int n : numbers) text += (text.empty() ? "" : ",") + std::to_string(n);
  return "[" + text + "]";
}

}  // namespace

std::optional<std::string> restated(const std::string& path, const models::Scenario& scenario) {
  const models::PipelineSpec& pipeline = scenario.pipeline;
  if (path == "layout.dp") return std::to_string(scenario.layout.dp);
  if (path == "layout.sequence_parallel") return scenario.layout.sequence_parallel ? "true" : "false";
  if (path == "layout.by_layers" || path == "pipeline.stage_replicas") return "[]";
  if (path == "pipeline.stage_layers") return list_of(pipeline.stage_layers);
  if (path == "pipeline.schedule") return pipeline.schedule;
  if (path == "pipeline.virtual_stages") return std::to_string(pipeline.virtual_stages);
  const bool grouped = models::schedule_traits(pipeline.schedule).grouped;
  if (path == "pipeline.group" && grouped) return std::to_string(pipeline.group);
  return std::nullopt;
}

}  // namespace orrery::cli

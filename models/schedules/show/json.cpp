#include "models/schedules/show/json.h"

#include <nlohmann/json.hpp>

namespace orrery::models {

using Json = nlohmann::ordered_json;

namespace {

Json json_of(const ScheduleCosts& costs) {
  return {{"forward", costs.forward},
          {"input_gradient", costs.input_gradient},
          {"weight_gradient", costs.weight_gradient},
          {"transfer", costs.transfer},
          {"backward", costs.backward},
          {"overlap", costs.overlap}};
}

// One for all stages, or a list.
Json json_of(const std::vector<ScheduleCosts>& costs) {
  if (costs.empty()) return json_of(ScheduleCosts{});
  if (costs.size() == 1) return json_of(costs.front());
  Json list = Json::array();
  for (const ScheduleCosts& of_stage : costs) list.push_back(json_of(of_stage));
  return list;
}

}  // namespace

std::string schedule_json(const Schedule& schedule, const ScheduleTimes& times) {
  const ScheduleRequest& request = schedule.request;
  Json json;
  json["schedule"] = request.name;
  json["ranks"] = schedule.order.size();
  json["micro_batches"] = request.micro_batches;
  json["virtual_stages"] = request.chunks;
  json["costs"] = json_of(request.costs);
  json["makespan"] = times.makespan;
  json["longest_rank_window"] = times.longest_rank_window;
  json["bubble_ratio"] = times.bubble_ratio;
  json["idle_inside_window"] = times.idle_inside_window;
  json["busy"] = times.busy;
  json["peak_in_flight"] = times.peak_in_flight;
  json["peak_in_flight_weights"] = times.peak_in_flight_weights;
  return json.dump(2) + '\n';
}

}  // namespace orrery::models

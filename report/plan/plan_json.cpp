#include <nlohmann/json.hpp>

#include "report/plan/plan.h"
#include "report/text.h"

namespace orrery::report {
namespace {

using nlohmann::ordered_json;

void add_bill(const Training& training, const models::Scenario& scenario, const Result& result, ordered_json& to) {
  if (training.tokens <= 0) return;
  const Bill bill = bill_of(training, scenario, result);
  to["days"] = bill.days;
  to["gpu_hours"] = bill.gpu_hours;
  if (bill.megawatt_hours > 0) to["megawatt_hours"] = bill.megawatt_hours;
  if (bill.cost > 0) to["cost"] = bill.cost;
  to["within_budget"] = beyond_budget(training, bill).empty();
}

ordered_json layout_json(const Plans& plans, const PlanReport& plan, std::size_t i) {
  const Result& r = plan.results[i];
  ordered_json one;
  one["set"] = plan.settings[i];
  if (!plan.without[i].empty()) one["without"] = plan.without[i];
  one["step_time_s"] = r.step_time.seconds();
  one["bound_s"] = plan.search.best[i].bound;
  one["tokens_per_s"] = r.tokens_per_s;
  one["model_tflops_per_gpu"] = r.model_tflops_per_gpu;
  one["mfu"] = r.mfu;
  one["bubble_fraction"] = r.bubble_fraction();
  one["reserved_bytes"] = r.memory.reserved.n;
  one["fits"] = r.memory.fits;
  add_bill(plans.training, plan.scenario, r, one);
  return one;
}

void add_search(const PlanReport& plan, ordered_json& to) {
  to["gpus"] = plan.gpus;
  to["combinations"] = plan.combinations;
  to["candidates"] = plan.candidates;
  to["simulated"] = plan.search.worked_out;
  to["pruned_by_bound"] = plan.search.pruned;
  to["ruled_out"] = ordered_json::object();
  for (const auto& [reason, n] : plan.search.ruled_out) to["ruled_out"][reason] = n;
  if (plan.search.nearest_pruned) to["nearest_bound_s"] = *plan.search.nearest_pruned;
  to["complete"] = !plan.search.stopped;
}

ordered_json with_more_json(const WithMore& more) {
  ordered_json one;
  one["change"] = more.change;
  one["step_time_s"] = more.step.seconds();
  if (!more.settings.empty()) one["set"] = more.settings;
  if (more.other) one["reserved_bytes"] = more.other->memory.reserved.n;
  return one;
}

ordered_json limits_json(const PlanLimits& limits) {
  ordered_json all;
  all["a_tenth_more"] = ordered_json::array();
  for (const WithMore& more : limits.a_tenth) all["a_tenth_more"].push_back(with_more_json(more));
  if (limits.memory_looked_into) all["memory_binds"] = limits.twice_memory.has_value();
  if (limits.twice_memory) all["twice_the_memory"] = with_more_json(*limits.twice_memory);
  if (limits.twice_gpus) all["twice_the_gpus"] = with_more_json(*limits.twice_gpus);
  return all;
}

ordered_json sizes_json(const Plans& plans) {
  ordered_json all = ordered_json::array();
  for (const PlanReport& size : plans.sizes) {
    ordered_json one;
    add_search(size, one);
    if (!size.results.empty()) one["fastest"] = layout_json(plans, size, 0);
    all.push_back(std::move(one));
  }
  return all;
}

}  // namespace

// The plan for the chosen size, and what there is to say of the others. Of none, as for the last size.
std::string plan_json(const Plans& plans) {
  const PlanReport& plan = plans.chosen ? plans.sizes[*plans.chosen] : plans.sizes.back();
  ordered_json all;
  all["schema_version"] = 1;
  add_search(plan, all);
  all["layouts"] = ordered_json::array();
  for (std::size_t i = 0; i < plan.results.size(); ++i) all["layouts"].push_back(layout_json(plans, plan, i));
  if (plans.limits) all["limits"] = limits_json(*plans.limits);
  if (plans.sizes.size() > 1) all["sizes"] = sizes_json(plans);
  return all.dump(2) + "\n";
}

std::string plan_csv(const Plans& plans) {
  std::string text =
      "gpus,set,step_time_s,bound_s,tokens_per_s,model_tflops_per_gpu,mfu,bubble_fraction,reserved_bytes,fits,days,"
      "gpu_hours,megawatt_hours,cost,within_budget\n";
  for (const PlanReport& plan : plans.sizes)
    for (std::size_t i = 0; i < plan.results.size(); ++i) {
      const ordered_json one = layout_json(plans, plan, i);
      text += std::to_string(plan.gpus) + "," + csv_field(plan.settings[i]);
      for (const char* key :
           {"step_time_s", "bound_s", "tokens_per_s", "model_tflops_per_gpu", "mfu", "bubble_fraction",
            "reserved_bytes", "fits", "days", "gpu_hours", "megawatt_hours", "cost", "within_budget"})
        text += "," + (one.contains(key) ? one[key].dump() : std::string());
      text += "\n";
    }
  return text;
}

}  // namespace orrery::report

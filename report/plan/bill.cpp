#include "report/plan/bill.h"

#include <tuple>

#include "report/plan/plan.h"
#include "report/text.h"

namespace orrery::report {
namespace {

// Of all GPUs of the cluster; 0 where that of one of them is not known.
double rated_watts(const topology::ClusterSpec& cluster) {
  double sum = 0;
  for (int kind = 0; kind < cluster.kinds(); ++kind) {
    const auto watts = static_cast<double>(cluster.gpu_of(kind).power.n);
    if (watts <= 0) return 0;
    sum += watts * cluster.nodes_of(kind) * cluster.gpus_per_node;
  }
  return sum;
}

}  // namespace

Bill bill_of(const Training& training, const models::Scenario& scenario, const Result& result) {
  const double hours = training.tokens / result.tokens_per_s / 3600;
  Bill bill;
  bill.days = hours / 24;
  bill.gpu_hours = hours * result.gpus;
  bill.megawatt_hours = hours * rated_watts(scenario.cluster) * training.pue / 1e6;
  bill.cost = bill.gpu_hours * training.gpu_hour_price + bill.megawatt_hours * 1000 * training.kilowatt_hour_price;
  return bill;
}

std::string beyond_budget(const Training& training, const Bill& bill) {
  if (training.most_days > 0 && bill.days > training.most_days)
    return "takes " + significant(bill.days) + " days, not " + significant(training.most_days);
  if (training.most_cost > 0 && bill.cost > training.most_cost)
    return "costs " + grouped(static_cast<std::int64_t>(bill.cost)) + ", not " +
           grouped(static_cast<std::int64_t>(training.most_cost));
  return "";
}

std::optional<std::size_t> choose_size(const std::vector<PlanReport>& sizes, const Training& training, Aim aim) {
  std::optional<std::size_t> chosen;
  std::tuple<double, int> least;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i].results.empty()) continue;
    const Result& fastest = sizes[i].results.front();
    double value = fastest.step_time.seconds() * (aim == Aim::cost ? fastest.gpus : 1);
    if (training.tokens > 0) {
      const Bill bill = bill_of(training, sizes[i].scenario, fastest);
      if (!beyond_budget(training, bill).empty()) continue;
      if (aim == Aim::cost && bill.cost > 0) value = bill.cost;
    }
    const std::tuple candidate{value, fastest.gpus};
    if (!chosen || candidate < least) chosen = i, least = candidate;
  }
  return chosen;
}

}  // namespace orrery::report

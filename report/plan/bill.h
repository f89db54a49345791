#pragma once

#include <optional>
#include <string>
#include <vector>

#include "report/result.h"

namespace orrery::report {

struct PlanReport;

// What a training is to go through, what it may take, and what things cost. 0: not asked for.
struct Training {
  double tokens = 0;
  double gpu_hour_price = 0, kilowatt_hour_price = 0;
  double pue = 1;  // power usage effectiveness: what the building draws for each watt of its GPUs
  double most_days = 0, most_cost = 0;
};

// What it comes to under a layout.
struct Bill {
  double days = 0, gpu_hours = 0;
  double megawatt_hours =
      0;            // GPU-hours at the rated power of the GPUs, times pue, as model cards count it; 0: not known
  double cost = 0;  // of GPU-hours and energy; 0: no price is known
};

// Precondition: training.tokens > 0.
Bill bill_of(const Training& training, const models::Scenario& scenario, const Result& result);
// In what it goes beyond the budget: "41.2 days"; empty: in nothing.
std::string beyond_budget(const Training& training, const Bill& bill);

// What the best size of a cluster has least of.
enum class Aim { time, cost };

// The best size, of those whose fastest layout keeps to the budget. Cost is money where a price is known, else
// GPU-hours; of equals the smaller cluster.
std::optional<std::size_t> choose_size(const std::vector<PlanReport>& sizes, const Training& training, Aim aim);

}  // namespace orrery::report

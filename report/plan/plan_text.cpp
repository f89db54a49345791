#include "report/plan/plan_tables.h"
#include "report/text.h"

namespace orrery::report {
namespace {

// What it comes to, in one line.
std::string bill_text(const Training& training, const Bill& bill) {
  std::string text = with_prefix(training.tokens) + " tokens take " + amount(bill.days) + " days, " +
                     amount(bill.gpu_hours) + " GPU-hours";
  if (bill.megawatt_hours > 0) text += ", " + amount(bill.megawatt_hours) + " MWh at rated power";
  if (bill.cost > 0) text += ", " + amount(bill.cost);
  if (training.gpu_hour_price > 0) text += " at " + significant(training.gpu_hour_price) + " a GPU-hour";
  if (training.kilowatt_hour_price > 0)
    text += std::string(training.gpu_hour_price > 0 ? " and " : " at ") + significant(training.kilowatt_hour_price) +
            " a kWh";
  return text;
}

std::string within(const Training& training) {
  std::string text;
  if (training.most_days > 0) text = " within " + significant(training.most_days) + " days";
  if (training.most_cost > 0)
    text += (text.empty() ? " within " : " and ") + grouped(static_cast<std::int64_t>(training.most_cost));
  return text;
}

std::string table_text(const PlanTable& rows, const std::string& align) {
  Table table(align);
  table.row(rows.head);
  for (const auto& row : rows.rows) table.row(row);
  return table.str();
}

std::string change(Duration step, const Result& best) {
  return signed_percent(step.seconds() / best.step_time.seconds() - 1);
}

std::string limits_text(const PlanLimits& limits, const Result& best) {
  Table table("lrrl");
  const auto row = [&](const WithMore& more, const std::string& note) {
    table.row({more.change, human_seconds(more.step.seconds()), change(more.step, best), "  " + note});
  };
  const auto other = [](const WithMore& more) {
    return more.other ? layout_in_words(*more.other) + ", " + gib(more.other->memory.reserved) + " GiB" : "";
  };
  for (const WithMore& more : limits.a_tenth) row(more, other(more));
  if (limits.twice_memory) row(*limits.twice_memory, other(*limits.twice_memory));
  if (limits.twice_gpus)
    row(*limits.twice_gpus,
        "each " + percent(best.step_time.seconds() / 2 / limits.twice_gpus->step.seconds()) + " as fast");
  std::string text = "\nWhat limits it: its step with more of one thing\n" + table.str();
  if (limits.memory_looked_into && !limits.twice_memory)
    text += "Memory does not: with twice as much no layout would be faster.\n";
  return text;
}

// The plan for one size.
std::string size_text(const Plans& plans, const PlanReport& plan) {
  std::string text = search_in_words(plan);
  if (plan.results.empty())
    return text + (plan.search.stopped ? "\nNone of them was simulated yet.\n" : "\nNo layout fits.\n");
  const Result& best = plan.results.front();
  text += "\nFastest: " + human_seconds(best.step_time.seconds()) + " a step, " +
          significant(best.model_tflops_per_gpu) + " TFLOP/s a GPU, " + percent(best.mfu) + " MFU, " +
          gib(best.memory.headroom()) + " GiB to spare\n" + settings_text(plan, 0);
  if (plans.training.tokens > 0) {
    const Bill bill = bill_of(plans.training, plan.scenario, best);
    text += "\n" + bill_text(plans.training, bill) + "\n";
    const std::string over = beyond_budget(plans.training, bill);
    if (!over.empty()) text += "That is beyond the budget: it " + over + "\n";
  }
  text += "\n" + table_text(layouts_table(plan), "lrlrrrrrl");
  if (plans.limits) text += limits_text(*plans.limits, best);
  return text;
}

}  // namespace

std::string plan_text(const Plans& plans) {
  std::string text =
      "A plan for " + plans.sizes.front().scenario.model.name + " on " + cluster_in_words(plans.sizes) + "\n\n";
  if (plans.sizes.size() == 1) return text + size_text(plans, plans.sizes.front());
  const PlanTable sizes = sizes_table(plans);
  text += table_text(sizes, std::string(sizes.head.size() - 1, 'r') + "l");
  const std::string best = plans.aim == Aim::cost ? "Cheapest" : "Fastest";
  if (!plans.chosen) return text + "\nNo size has a layout that fits" + within(plans.training) + ".\n";
  const PlanReport& chosen = plans.sizes[*plans.chosen];
  return text + "\n" + best + within(plans.training) + ": " + grouped(chosen.gpus) + " GPUs. Of them:\n" +
         size_text(plans, chosen);
}

}  // namespace orrery::report

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "models/layout/layer_degrees.h"
#include "report/plan/plan.h"
#include "report/text.h"
#include "sweep/crew/slurm.h"

namespace orrery::report {
namespace {

using nlohmann::ordered_json;

// Where something rests that is not on the GPU.
std::string place(std::string_view what, models::Place place) {
  if (place == models::Place::gpu) return "";
  return " " + std::string(what) + (place == models::Place::cpu ? " on cpu" : " on nvme");
}

}  // namespace

std::string layout_in_words(const Result& r) {
  const models::LayoutSpec& l = r.layout;
  std::string text = "tp" + std::to_string(l.tp);
  for (const int degree : models::layer_degrees(l)) text += "/" + std::to_string(degree);
  text += " pp" + std::to_string(l.pp);
  if (l.cp > 1) text += " cp" + std::to_string(l.cp);
  if (l.ep > 1) text += " ep" + std::to_string(l.ep);
  if (l.etp > 1 && l.ep > 1) text += " etp" + std::to_string(l.etp);
  text += " dp" + std::to_string(l.dp) + (l.fsdp.empty() ? " zero" + std::to_string(l.zero) : " " + l.fsdp);
  const std::string schedule = r.schedule.substr(0, r.schedule.find(','));
  if (schedule != "none" && schedule != "1f1b" && schedule != "interleaved-1f1b") text += " " + schedule;
  text += place("optimizer", l.offload.optimizer) + place("parameters", l.offload.parameters) +
          place("activations", l.offload.activations);
  const auto at = [&](models::Axis axis) { return std::find(l.order.begin(), l.order.end(), axis); };
  if (l.pp > 1 && l.dp > 1 && at(models::Axis::pp) < at(models::Axis::dp)) text += " pp inside dp";
  return text;
}

namespace {

std::string setting(const std::string& settings, const std::string& key) {
  const std::size_t at = settings.find(key + "=");
  if (at == std::string::npos) return "";
  const std::size_t from = at + key.size() + 1;
  return settings.substr(from, settings.find(' ', from) - from);
}

// Where another layout loses most of its time against the best.
std::string why_slower(const Result& best, const Result& other) {
  const TimeParts::Part* most = nullptr;
  Duration worst;
  for (const TimeParts::Part& part : TimeParts::all()) {
    const Duration more = other.time.*part.member - best.time.*part.member;
    if (most == nullptr || more > worst) most = &part, worst = more;
  }
  if (most == nullptr || worst <= Duration()) return "";
  return "+" + human_seconds(worst.seconds()) + " " + most->label;
}

std::string searched(const PlanReport& plan) {
  const sweep::SearchResult& s = plan.search;
  std::uint64_t contradictory = 0, misfits = 0;
  for (const auto& [reason, n] : s.ruled_out) (reason == "does not fit into memory" ? misfits : contradictory) += n;
  const std::uint64_t left = plan.candidates - s.worked_out - contradictory - misfits;
  std::string text =
      grouped(static_cast<std::int64_t>(plan.combinations)) + " combinations, " +
      grouped(static_cast<std::int64_t>(plan.candidates)) + " that fill " + grouped(plan.scenario.cluster.gpus()) +
      " GPUs: " + grouped(static_cast<std::int64_t>(s.worked_out)) + " simulated, " +
      grouped(static_cast<std::int64_t>(left)) + (s.stopped ? " not looked into" : " too slow by their lower bound");
  text += ", " + grouped(static_cast<std::int64_t>(misfits)) + " do not fit, " +
          grouped(static_cast<std::int64_t>(contradictory)) + " contradict themselves\n";
  if (s.nearest_pruned && !s.stopped && !s.best.empty())
    text += "The nearest that was not simulated takes at least " + human_seconds(*s.nearest_pruned) +
            ", the slowest of those below " + human_seconds(s.best.back().value) + "\n";
  return text;
}

// What it comes to, in one line.
std::string bill_text(const Training& training, const Bill& bill) {
  std::string text = with_prefix(training.tokens) + " tokens take " + significant(bill.days) + " days, " +
                     grouped(static_cast<std::int64_t>(bill.gpu_hours)) + " GPU-hours";
  if (bill.megawatt_hours > 0) text += ", " + significant(bill.megawatt_hours, 3) + " MWh at rated power";
  if (bill.cost > 0) text += ", " + grouped(static_cast<std::int64_t>(bill.cost));
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

// A size's fastest layout, and what it comes to.
std::string sizes_table(const Plans& plans) {
  const bool trains = plans.training.tokens > 0,
             costs = plans.training.gpu_hour_price + plans.training.kilowatt_hour_price > 0;
  std::vector<std::string> head{"", "GPUs", "step", "TFLOP/s/GPU"};
  if (trains) head.insert(head.end(), {"days", "GPU-hours", "MWh"});
  if (costs) head.emplace_back("cost");
  head.emplace_back("  layout");
  Table table(std::string(head.size() - 1, 'r') + "l");
  table.row(head);
  for (std::size_t i = 0; i < plans.sizes.size(); ++i) {
    const PlanReport& size = plans.sizes[i];
    std::vector<std::string> row{i == plans.chosen ? ">" : "", grouped(size.gpus)};
    if (size.results.empty()) {
      row.resize(head.size() - 1);
      row.push_back(size.candidates == 0 ? "  no layout fills them" : "  no layout fits");
      table.row(row);
      continue;
    }
    const Result& fastest = size.results.front();
    row.insert(row.end(), {human_seconds(fastest.step_time.seconds()), significant(fastest.model_tflops_per_gpu)});
    std::string note = "  " + layout_in_words(fastest);
    if (trains) {
      const Bill bill = bill_of(plans.training, size.scenario, fastest);
      row.insert(row.end(), {significant(bill.days), grouped(static_cast<std::int64_t>(bill.gpu_hours)),
                             bill.megawatt_hours > 0 ? significant(bill.megawatt_hours, 3) : "-"});
      if (costs) row.push_back(grouped(static_cast<std::int64_t>(bill.cost)));
      if (!beyond_budget(plans.training, bill).empty()) note += "  (over)";
    }
    row.push_back(note);
    table.row(row);
  }
  return table.str();
}

std::string settings_lines(const std::string& settings, const std::vector<std::string>& without) {
  std::istringstream sets(settings);
  std::string text = " ";
  for (std::string set; sets >> set;) text += " --set " + sweep::shell_word(set);
  text += "\n";
  for (const std::string& key : without) text += "  and without " + key + ", which the file has\n";
  return text;
}

std::string layouts_table(const PlanReport& plan) {
  const Result& best = plan.results.front();
  Table table("lrlrrrrrl");
  table.row({"layout", "chunks", "recompute", "micro-batch", "step", "TFLOP/s/GPU", "bubble", "GiB reserved",
             "against the best"});
  for (std::size_t i = 0; i < plan.results.size(); ++i) {
    const Result& r = plan.results[i];
    const double more = r.step_time.seconds() / best.step_time.seconds() - 1;
    const std::string chunks = setting(plan.settings[i], "pipeline.virtual_stages");
    table.row({layout_in_words(r), chunks.empty() ? "-" : chunks, setting(plan.settings[i], "training.recompute"),
               setting(plan.settings[i], "training.micro_batch"), human_seconds(r.step_time.seconds()),
               significant(r.model_tflops_per_gpu), percent(r.bubble_fraction()), gib(r.memory.reserved),
               i == 0 ? "" : signed_percent(more) + "  " + why_slower(best, r)});
  }
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
  std::string text = searched(plan);
  if (plan.results.empty())
    return text + (plan.search.stopped ? "\nNone of them was simulated yet.\n" : "\nNo layout fits.\n");
  const Result& best = plan.results.front();
  text += "\nFastest: " + human_seconds(best.step_time.seconds()) + " a step, " +
          significant(best.model_tflops_per_gpu) + " TFLOP/s a GPU, " + percent(best.mfu) + " MFU, " +
          gib(best.memory.headroom()) + " GiB to spare\n" + settings_lines(plan.settings.front(), plan.without.front());
  if (plans.training.tokens > 0) {
    const Bill bill = bill_of(plans.training, plan.scenario, best);
    text += "\n" + bill_text(plans.training, bill) + "\n";
    const std::string over = beyond_budget(plans.training, bill);
    if (!over.empty()) text += "That is beyond the budget: it " + over + "\n";
  }
  text += "\n" + layouts_table(plan);
  if (plans.limits) text += limits_text(*plans.limits, best);
  return text;
}

std::string range_of(const std::vector<PlanReport>& sizes) {
  std::string text = grouped(sizes.front().gpus);
  if (sizes.size() > 1) text += " to " + grouped(sizes.back().gpus);
  return text + " " + sizes.front().scenario.cluster.gpu_names();
}

}  // namespace

std::string without_numbers(const std::string& reason) {
  std::string text;
  bool in_number = false, in_word = false;
  for (const char c : reason) {
    const bool digit = c >= '0' && c <= '9';
    if (digit && !in_word) {
      if (!in_number) text += 'N';
      in_number = true;
      continue;
    }
    if (in_number && c == '.') continue;
    in_number = false;
    in_word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (in_word && (digit || c == '-' || c == '_'));
    text += c;
  }
  return text;
}

std::string plan_text(const Plans& plans) {
  std::string text = "A plan for " + plans.sizes.front().scenario.model.name + " on " + range_of(plans.sizes) + "\n\n";
  if (plans.sizes.size() == 1) return text + size_text(plans, plans.sizes.front());
  text += sizes_table(plans);
  const std::string best = plans.aim == Aim::cost ? "Cheapest" : "Fastest";
  if (!plans.chosen) return text + "\nNo size has a layout that fits" + within(plans.training) + ".\n";
  const PlanReport& chosen = plans.sizes[*plans.chosen];
  return text + "\n" + best + within(plans.training) + ": " + grouped(chosen.gpus) + " GPUs. Of them:\n" +
         size_text(plans, chosen);
}

}  // namespace orrery::report

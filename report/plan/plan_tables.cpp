#include "report/plan/plan_tables.h"

#include <algorithm>
#include <sstream>

#include "models/layout/layer_degrees.h"
#include "report/text.h"
#include "report/will_fit.h"
#include "sweep/crew/slurm.h"

namespace orrery::report {
namespace {

// Where something rests that is not on the GPU.
std::string place(std::string_view what, models::Place place) {
  if (place == models::Place::gpu) return "";
  return " " + std::string(what) + (place == models::Place::cpu ? " on cpu" : " on nvme");
}

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

std::string search_in_words(const PlanReport& plan) {
  const sweep::SearchResult& s = plan.search;
  std::uint64_t contradictory = 0, misfits = 0;
  for (const auto& [reason, n] : s.ruled_out) (reason == kDoesNotFit ? misfits : contradictory) += n;
  const std::uint64_t left = plan.candidates - s.worked_out - contradictory - misfits;
  std::string text = grouped(static_cast<std::int64_t>(plan.combinations)) + " combinations, " +
                     grouped(static_cast<std::int64_t>(plan.candidates)) + " that fill " + grouped(plan.gpus) +
                     " GPUs: " + grouped(static_cast<std::int64_t>(s.worked_out)) + " simulated, " +
                     grouped(static_cast<std::int64_t>(left)) +
                     (s.stopped ? " not looked into" : " too slow by their lower bound");
  text += ", " + grouped(static_cast<std::int64_t>(misfits)) + " do not fit, " +
          grouped(static_cast<std::int64_t>(contradictory)) + " contradict themselves\n";
  if (s.nearest_pruned && !s.stopped && !s.best.empty())
    text += "The nearest that was not simulated takes at least " + human_seconds(*s.nearest_pruned) +
            ", the slowest of those below " + human_seconds(s.best.back().value) + "\n";
  return text;
}

PlanTable sizes_table(const Plans& plans) {
  const bool trains = plans.training.tokens > 0,
             costs = plans.training.gpu_hour_price + plans.training.kilowatt_hour_price > 0;
  PlanTable table;
  std::vector<std::string>& head = table.head;
  head = {"", "GPUs", "step", "TFLOP/s/GPU"};
  if (trains) head.insert(head.end(), {"days", "GPU-hours", "MWh"});
  if (costs) head.emplace_back("cost");
  head.emplace_back("layout");
  for (std::size_t i = 0; i < plans.sizes.size(); ++i) {
    const PlanReport& size = plans.sizes[i];
    std::vector<std::string> row{i == plans.chosen ? ">" : "", grouped(size.gpus)};
    if (size.results.empty()) {
      row.resize(head.size() - 1);
      row.push_back(size.candidates == 0 ? "no layout fills them" : "no layout fits");
      table.rows.push_back(std::move(row));
      continue;
    }
    const Result& fastest = size.results.front();
    row.insert(row.end(), {human_seconds(fastest.step_time.seconds()), significant(fastest.model_tflops_per_gpu)});
    std::string note = layout_in_words(fastest);
    if (trains) {
      const Bill bill = bill_of(plans.training, size.scenario, fastest);
      row.insert(row.end(), {amount(bill.days), amount(bill.gpu_hours),
                             bill.megawatt_hours > 0 ? amount(bill.megawatt_hours) : "-"});
      if (costs) row.push_back(amount(bill.cost));
      if (!beyond_budget(plans.training, bill).empty()) note += "  (over)";
    }
    row.push_back(note);
    table.rows.push_back(std::move(row));
  }
  return table;
}

PlanTable layouts_table(const PlanReport& plan) {
  const Result& best = plan.results.front();
  PlanTable table;
  table.head = {"layout",      "chunks", "recompute",    "micro-batch",     "step",
                "TFLOP/s/GPU", "bubble", "GiB reserved", "against the best"};
  for (std::size_t i = 0; i < plan.results.size(); ++i) {
    const Result& r = plan.results[i];
    const double more = r.step_time.seconds() / best.step_time.seconds() - 1;
    const std::string chunks = setting(plan.settings[i], "pipeline.virtual_stages");
    table.rows.push_back({layout_in_words(r), chunks.empty() ? "-" : chunks,
                          setting(plan.settings[i], "training.recompute"),
                          setting(plan.settings[i], "training.micro_batch"), human_seconds(r.step_time.seconds()),
                          significant(r.model_tflops_per_gpu), percent(r.bubble_fraction()), gib(r.memory.reserved),
                          i == 0 ? "" : signed_percent(more) + "  " + why_slower(best, r)});
  }
  return table;
}

std::string settings_text(const PlanReport& plan, std::size_t i) {
  std::istringstream sets(plan.settings[i]);
  std::string text = " ";
  for (std::string set; sets >> set;) text += " --set " + sweep::shell_word(set);
  text += "\n";
  for (const std::string& key : plan.without[i]) text += "  and without " + key + ", which the file has\n";
  return text;
}

std::string cluster_in_words(const std::vector<PlanReport>& sizes) {
  std::string text = grouped(sizes.front().gpus);
  if (sizes.size() > 1) text += " to " + grouped(sizes.back().gpus);
  return text + " " + sizes.front().scenario.cluster.gpu_names();
}

}  // namespace orrery::report

#include "report/plan.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "models/layout/layer_degrees.h"
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

std::string layout_of(const Result& r) {
  const models::LayoutSpec& l = r.layout;
  std::string text = "tp" + std::to_string(l.tp);
  for (const int degree : models::layer_degrees(l)) text += "/" + std::to_string(degree);
  text += " pp" + std::to_string(l.pp);
  if (l.cp > 1) text += " cp" + std::to_string(l.cp);
  if (l.ep > 1) text += " ep" + std::to_string(l.ep);
  text += " dp" + std::to_string(l.dp) + (l.fsdp.empty() ? " zero" + std::to_string(l.zero) : " " + l.fsdp);
  text += place("optimizer", l.offload.optimizer) + place("parameters", l.offload.parameters) +
          place("activations", l.offload.activations);
  const auto at = [&](models::Axis axis) { return std::find(l.order.begin(), l.order.end(), axis); };
  if (l.pp > 1 && l.dp > 1 && at(models::Axis::pp) < at(models::Axis::dp)) text += " pp inside dp";
  return text;
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

std::string training(const PlanReport& plan) {
  if (plan.tokens <= 0 || plan.results.empty()) return "";
  const Result& best = plan.results.front();
  const double seconds = plan.tokens / best.tokens_per_s, hours = seconds / 3600 * best.gpus;
  std::string text = "\n" + with_prefix(plan.tokens) + " tokens take " + significant(seconds / 86'400) + " days, " +
                     grouped(static_cast<std::int64_t>(hours)) + " GPU-hours";
  if (plan.price > 0)
    text += ", " + grouped(static_cast<std::int64_t>(hours * plan.price)) + " at " + significant(plan.price) + " each";
  return text + "\n";
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

std::string plan_text(const PlanReport& plan) {
  std::string text = "A plan for " + plan.scenario.model.name + " on " + grouped(plan.scenario.cluster.gpus()) + " " +
                     plan.scenario.cluster.gpu_names() + "\n\n" + searched(plan);
  if (plan.results.empty())
    return text + (plan.search.stopped ? "\nNone of them was simulated yet.\n" : "\nNo layout fits.\n");
  const Result& best = plan.results.front();
  text += "\nFastest: " + human_seconds(best.step_time.seconds()) + " a step, " +
          significant(best.model_tflops_per_gpu) + " TFLOP/s a GPU, " + percent(best.mfu) + " MFU, " +
          gib(best.memory.headroom()) + " GiB to spare\n";
  std::istringstream sets(plan.settings.front());
  text += " ";
  for (std::string set; sets >> set;) text += " --set " + sweep::shell_word(set);
  text += "\n";
  for (const std::string& key : plan.without.front()) text += "  and without " + key + ", which the file has\n";
  text += training(plan) + "\n";
  Table table("lrlrrrrrl");
  table.row({"layout", "chunks", "recompute", "micro-batch", "step", "TFLOP/s/GPU", "bubble", "GiB reserved",
             "against the best"});
  for (std::size_t i = 0; i < plan.results.size(); ++i) {
    const Result& r = plan.results[i];
    const double more = r.step_time.seconds() / best.step_time.seconds() - 1;
    const std::string chunks = setting(plan.settings[i], "pipeline.virtual_stages");
    table.row({layout_of(r), chunks.empty() ? "-" : chunks, setting(plan.settings[i], "training.recompute"),
               setting(plan.settings[i], "training.micro_batch"), human_seconds(r.step_time.seconds()),
               significant(r.model_tflops_per_gpu), percent(r.bubble_fraction()), gib(r.memory.reserved),
               i == 0 ? "" : signed_percent(more) + "  " + why_slower(best, r)});
  }
  return text + table.str();
}

std::string plan_json(const PlanReport& plan) {
  ordered_json all;
  all["schema_version"] = 1;
  all["combinations"] = plan.combinations;
  all["candidates"] = plan.candidates;
  all["simulated"] = plan.search.worked_out;
  all["pruned_by_bound"] = plan.search.pruned;
  all["ruled_out"] = ordered_json::object();
  for (const auto& [reason, n] : plan.search.ruled_out) all["ruled_out"][reason] = n;
  if (plan.search.nearest_pruned) all["nearest_bound_s"] = *plan.search.nearest_pruned;
  all["complete"] = !plan.search.stopped;
  all["layouts"] = ordered_json::array();
  for (std::size_t i = 0; i < plan.results.size(); ++i) {
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
    if (plan.tokens > 0) {
      one["days"] = plan.tokens / r.tokens_per_s / 86'400;
      one["gpu_hours"] = plan.tokens / r.tokens_per_s / 3600 * r.gpus;
      if (plan.price > 0) one["cost"] = plan.tokens / r.tokens_per_s / 3600 * r.gpus * plan.price;
    }
    all["layouts"].push_back(std::move(one));
  }
  return all.dump(2) + "\n";
}

}  // namespace orrery::report

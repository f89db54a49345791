#include "report/explain/explain.h"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>
#include <utility>

#include "report/jobs.h"
#include "report/text.h"

namespace orrery::report {
namespace {

using nlohmann::ordered_json;

double share_of_step(Duration time, const Result& result) {
  return result.step_time > Duration() ? time.seconds() / result.step_time.seconds() : 0;
}

// "tp" is TP to those who read, "compute" is not COMPUTE.
std::string shown(std::string category) {
  if (category.size() == 2)
    for (char& c : category) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return category;
}

// "compute 76.5 %, exposed TP 14.2 %, bubble 8.5 %": what is worth a word, largest first.
std::string where_it_goes(const Result& result) {
  constexpr double kWorthAWord = 0.005;
  std::vector<std::pair<double, std::string>> parts;
  for (const TimeParts::Part& part : TimeParts::all())
    if (const double share = share_of_step(result.time.*part.member, result); share >= kWorthAWord)
      parts.emplace_back(share, part.label);
  std::stable_sort(parts.begin(), parts.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  std::string text;
  for (const auto& [share, label] : parts) text += (text.empty() ? "" : ", ") + label + ' ' + percent(share);
  return text;
}

std::string path_table(const std::vector<PathShare>& path, const Result& result) {
  constexpr int kBar = 40;
  Table table("llrrl");
  for (const PathShare& p : path) {
    const double share = share_of_step(p.time, result);
    table.row({shown(p.label), shown(p.category), human_seconds(p.time.seconds()), percent(share), bar(share, kBar)});
  }
  return table.str();
}

std::string kernel_table(const std::vector<KernelShare>& kernels, const Result& result) {
  Table table("ll");
  table.row({"", "", "time", "of the step", "times a rank"});
  for (const KernelShare& k : kernels)
    table.row({k.label, shown(k.category), human_seconds(k.time.seconds()), percent(share_of_step(k.time, result)),
               grouped(k.count)});
  return table.str();
}

std::string slack_table(const std::vector<TransferSlack>& slack) {
  Table table("ll");
  table.row({"", "", "longest", "least slack", "median slack", "count"});
  for (const TransferSlack& t : slack)
    table.row({t.label, shown(t.category), human_seconds(t.longest.seconds()), human_seconds(t.least.seconds()),
               human_seconds(t.median.seconds()), grouped(t.count)});
  return table.str();
}

std::string what_if_table(const std::vector<WhatIf>& what_ifs, const Result& result) {
  Table table("l");
  for (const WhatIf& w : what_ifs) {
    const double change = share_of_step(w.step, result) - 1;
    table.row({w.change, human_seconds(w.step.seconds()), signed_percent(change)});
  }
  return table.str();
}

std::string section(const std::string& title, const std::string& body, const Style& style) {
  if (body.empty()) return "";
  return '\n' + (style.color ? "\033[1m" + title + "\033[0m" : title) + '\n' + body;
}

ordered_json path_json(const std::vector<PathShare>& path) {
  ordered_json out = ordered_json::array();
  for (const PathShare& p : path)
    out.push_back({{"label", p.label}, {"category", p.category}, {"time_s", p.time.seconds()}});
  return out;
}

}  // namespace

std::string explain(const Explanation& e, const Style& style) {
  const Result& r = e.result;
  std::string text = "One step takes " + human_seconds(r.step_time.seconds()) + " on " + grouped(r.gpus) + " x " +
                     r.gpu + ": " + significant(r.model_tflops_per_gpu) + " TFLOP/s a GPU, MFU " + percent(r.mfu) +
                     ".\nMean over ranks: " + where_it_goes(r) + ".\n";
  if (!r.jobs.empty())
    text += section("Jobs on this fabric, each amid the others and alone on the same nodes", jobs_table(r), style);
  text += section("Critical path: the chain of ops of which none can be late without the step being late",
                  path_table(e.path_by_category, r), style);
  text += section("Longest on the critical path, by name", path_table(e.longest_on_path, r), style);
  text +=
      section("Communication on the critical path: what nothing hides", path_table(e.communication_on_path, r), style);
  text += section("Slack: how much later a transfer could end before the step does", slack_table(e.slack), style);
  text += section("Kernels, mean over ranks", kernel_table(e.kernels, r), style);
  text += section("What would change it (each a run of its own)", what_if_table(e.what_ifs, r), style);
  text += section("What it rests on: warnings, assumptions, defaults", notes(r), style);
  return text;
}

std::string explain_json(const Explanation& e) {
  ordered_json kernels = ordered_json::array(), slack = ordered_json::array(), what_ifs = ordered_json::array();
  for (const TransferSlack& t : e.slack)
    slack.push_back({{"label", t.label},
                     {"category", t.category},
                     {"count", t.count},
                     {"longest_s", t.longest.seconds()},
                     {"least_slack_s", t.least.seconds()},
                     {"median_slack_s", t.median.seconds()}});
  for (const KernelShare& k : e.kernels)
    kernels.push_back({{"label", k.label}, {"category", k.category}, {"time_s", k.time.seconds()}, {"count", k.count}});
  for (const WhatIf& w : e.what_ifs)
    what_ifs.push_back({{"change", w.change},
                        {"step_time_s", w.step.seconds()},
                        {"relative_change", share_of_step(w.step, e.result) - 1}});
  ordered_json out{{"schema_version", 1},
                   {"step_time_s", e.result.step_time.seconds()},
                   {"critical_path", path_json(e.path_by_category)},
                   {"longest_on_critical_path", path_json(e.longest_on_path)},
                   {"exposed_communication", path_json(e.communication_on_path)},
                   {"slack", std::move(slack)},
                   {"kernels", std::move(kernels)},
                   {"what_if", std::move(what_ifs)},
                   {"assumptions", e.result.assumptions},
                   {"defaults_used", e.result.defaults_used},
                   {"warnings", e.result.warnings}};
  if (!e.result.jobs.empty()) out["jobs"] = ordered_json::parse(jobs_json(e.result));
  return out.dump(2, ' ', false, ordered_json::error_handler_t::replace) + '\n';
}

}  // namespace orrery::report

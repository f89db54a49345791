#include "report/sweep/summary.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "report/text.h"

namespace orrery::report {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;
using sweep::Outcome;
using sweep::Row;
using sweep::Status;

constexpr std::size_t kMostReasons = 12, kMostOfFront = 20;

std::uint64_t count(const std::vector<Row>& rows, Status status) {
  return static_cast<std::uint64_t>(
      std::count_if(rows.begin(), rows.end(), [&](const Row& row) { return row.outcome.status == status; }));
}

std::string value_text(const json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

std::vector<std::string> header(const std::vector<std::string>& axes) {
  std::vector<std::string> cells{"point"};
  cells.insert(cells.end(), axes.begin(), axes.end());
  for (const char* name : {"GPUs", "step", "tokens/s/GPU", "TFLOP/s/GPU", "MFU", "bubble", "GiB reserved", "fits"})
    cells.emplace_back(name);
  return cells;
}

std::vector<std::string> cells(const Row& row, const std::vector<std::string>& axes) {
  const json config = json::parse(row.config, nullptr, false);
  std::vector<std::string> all{std::to_string(row.index)};
  for (const std::string& axis : axes) all.push_back(config.contains(axis) ? value_text(config[axis]) : "?");
  const Outcome& o = row.outcome;
  for (std::string text :
       {grouped(o.gpus), human_seconds(o.step_time_s), significant(o.tokens_per_s / std::max(1, o.gpus)),
        significant(o.model_tflops_per_gpu), percent(o.mfu), percent(o.bubble_fraction), gib({o.reserved_bytes}),
        std::string(o.fits ? "yes" : "no")})
    all.push_back(std::move(text));
  return all;
}

std::string table_of(const std::vector<const Row*>& rows, std::size_t most, const std::vector<std::string>& axes) {
  Table table("r");
  table.row(header(axes));
  for (std::size_t i = 0; i < std::min(most, rows.size()); ++i) table.row(cells(*rows[i], axes));
  return table.str();
}

std::string counts(const SweepResults& results) {
  const std::uint64_t ok = count(results.rows, Status::ok), infeasible = count(results.rows, Status::infeasible),
                      pruned = count(results.rows, Status::pruned), late = count(results.rows, Status::timeout),
                      failed = count(results.rows, Status::failed);
  std::string text = grouped(static_cast<std::int64_t>(results.meta.points)) + " points of " + results.meta.file +
                     ": " + grouped(static_cast<std::int64_t>(ok)) + " ran, " +
                     grouped(static_cast<std::int64_t>(infeasible)) + " infeasible, " +
                     (pruned > 0 ? grouped(static_cast<std::int64_t>(pruned)) + " not among the best, " : "") +
                     (late > 0 ? grouped(static_cast<std::int64_t>(late)) + " took too long, " : "") +
                     std::to_string(failed) + " failed";
  const std::uint64_t missing = results.meta.points - std::min<std::uint64_t>(results.meta.points, results.rows.size());
  if (missing > 0) text += ", " + grouped(static_cast<std::int64_t>(missing)) + " still to run";
  return text + "\n";
}

// Empty if there are none. `more`: what the others are.
std::string counted_table(std::string_view title, const std::map<std::string, std::uint64_t>& counted,
                          std::string_view more) {
  const auto all = by_count(counted);
  if (all.empty()) return "";
  Table table("rl");
  for (std::size_t i = 0; i < std::min(kMostReasons, all.size()); ++i)
    table.row({grouped(static_cast<std::int64_t>(all[i].first)), all[i].second});
  std::string text = "\n" + std::string(title) + "\n" + table.str();
  if (all.size() > kMostReasons)
    text += "  and " + std::to_string(all.size() - kMostReasons) + " more " + std::string(more) + "\n";
  return text;
}

ordered_json row_json(const Row& row) {
  ordered_json one;
  one["point"] = row.index;
  one["config"] = ordered_json::parse(row.config, nullptr, false);
  const Outcome& o = row.outcome;
  one["status"] = to_string(o.status);
  if (o.status != Status::ok) {
    one["reason"] = o.reason;
    return one;
  }
  one["warnings"] = o.warnings;
  one["gpus"] = o.gpus;
  one["step_time_s"] = o.step_time_s;
  one["tokens_per_s"] = o.tokens_per_s;
  one["model_tflops_per_gpu"] = o.model_tflops_per_gpu;
  one["mfu"] = o.mfu;
  one["bubble_fraction"] = o.bubble_fraction;
  one["exposed_comm_s"] = o.exposed_comm_s;
  for (std::size_t part = 0; part < o.parts.size(); ++part) one[std::string(sweep::kStepParts[part])] = o.parts[part];
  one["peak_bytes"] = o.peak_bytes;
  one["reserved_bytes"] = o.reserved_bytes;
  one["fits"] = o.fits;
  return one;
}

std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
}

}  // namespace

std::string sweep_summary(const SweepResults& results, const Objective& by, std::size_t top) {
  std::string text =
      counts(results) +
      counted_table("Why points did not run", reasons(results.rows), "reasons (orrery sweep export)") +
      counted_table("Warnings, of how many points", warnings(results.rows), "(table warnings of the store)");
  const std::vector<const Row*> best = ranked(results.rows, by), front = pareto_front(results.rows);
  if (best.empty()) return text;
  const auto fitting = static_cast<std::int64_t>(
      std::count_if(best.begin(), best.end(), [](const Row* row) { return row->outcome.fits; }));
  const std::size_t shown = std::min(top, best.size());
  const std::string of = grouped(fitting == 0 ? static_cast<std::int64_t>(best.size()) : fitting);
  text += fitting == 0 ? "\nNone fits into memory; the best " : "\nThe best ";
  text += std::to_string(shown) + " of " + of + (fitting == 0 ? "" : " that fit") + ", by " + by.label + "\n" +
          table_of(best, top, results.meta.axes);
  if (front.size() > 1)
    text += "\nPareto front" + std::string(count(results.rows, Status::pruned) > 0 ? " of those that ran" : "") +
            ": none is faster with as little memory on as few GPUs\n" +
            table_of(front, kMostOfFront, results.meta.axes);
  return text;
}

std::string sweep_json(const SweepResults& results, const Objective& by, std::size_t top) {
  ordered_json all;
  all["schema_version"] = 1;
  all["orrery"] = results.meta.engine;
  all["file"] = results.meta.file;
  all["points"] = results.meta.points;
  all["ok"] = count(results.rows, Status::ok);
  all["infeasible"] = count(results.rows, Status::infeasible);
  all["pruned"] = count(results.rows, Status::pruned);
  all["timeout"] = count(results.rows, Status::timeout);
  all["failed"] = count(results.rows, Status::failed);
  all["missing"] = results.meta.points - std::min<std::uint64_t>(results.meta.points, results.rows.size());
  all["reasons"] = ordered_json::object();
  for (const auto& [reason, n] : reasons(results.rows)) all["reasons"][reason] = n;
  all["warnings"] = ordered_json::object();
  for (const auto& [text, n] : warnings(results.rows)) all["warnings"][text] = n;
  all["by"] = by.name;
  all["best"] = ordered_json::array();
  for (const Row* row : ranked(results.rows, by)) {
    if (all["best"].size() == top) break;
    all["best"].push_back(row_json(*row));
  }
  all["pareto"] = ordered_json::array();
  for (const Row* row : pareto_front(results.rows)) all["pareto"].push_back(row_json(*row));
  return all.dump(2) + "\n";
}

std::string sweep_jsonl(const SweepResults& results) {
  std::string text;
  for (const Row& row : results.rows) text += row_json(row).dump() + "\n";
  return text;
}

std::string sweep_csv(const SweepResults& results) {
  std::string text = "point";
  for (const std::string& axis : results.meta.axes) text += "," + csv_cell(axis);
  text +=
      ",status,reason,gpus,step_time_s,tokens_per_s,model_tflops_per_gpu,mfu,bubble_fraction,exposed_comm_s,"
      "peak_bytes,reserved_bytes,fits";
  for (const std::string_view part : sweep::kStepParts) text += "," + std::string(part);
  text += "\n";
  for (const Row& row : results.rows) {
    const json config = json::parse(row.config, nullptr, false);
    text += std::to_string(row.index);
    for (const std::string& axis : results.meta.axes)
      text += "," + csv_cell(config.contains(axis) ? value_text(config[axis]) : "");
    const Outcome& o = row.outcome;
    text += "," + std::string(to_string(o.status)) + "," + csv_cell(o.reason);
    if (o.status != Status::ok) {
      text += std::string(10 + o.parts.size(), ',') + "\n";
      continue;
    }
    for (const json& value :
         {json(o.gpus), json(o.step_time_s), json(o.tokens_per_s), json(o.model_tflops_per_gpu), json(o.mfu),
          json(o.bubble_fraction), json(o.exposed_comm_s), json(o.peak_bytes), json(o.reserved_bytes), json(o.fits)})
      text += "," + value.dump();
    for (const double part : o.parts) text += "," + json(part).dump();
    text += "\n";
  }
  return text;
}

}  // namespace orrery::report

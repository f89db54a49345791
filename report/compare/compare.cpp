#include "report/compare/compare.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "report/text.h"

namespace orrery::report {
namespace {

using nlohmann::ordered_json;

bool is_share(const std::string& path) {
  return path.ends_with("mfu") || path.ends_with("hfu") || path.ends_with("_fraction");
}

std::string value_text(const std::string& path, double value) {
  if (path.ends_with("_s") && path.find("_per_s") == std::string::npos)
    return value < 0 ? "-" + human_seconds(-value) : human_seconds(value);
  if (path.starts_with("memory.")) return gib(Bytes{static_cast<std::int64_t>(value)}) + " GiB";
  if (path.find("bytes_by") != std::string::npos) return with_unit(value, "B", 4);
  return is_share(path) ? percent(value) : significant(value);
}

std::string difference_text(const Compare::Row& row) {
  const double change = row.b - row.a;
  const std::string size =
      is_share(row.path) ? fixed(100 * std::abs(change), 2) + " points" : value_text(row.path, std::abs(change));
  return (change < 0 ? "-" : change > 0 ? "+" : "") + size;
}

std::string error_text(const std::optional<double>& error) {
  return error ? signed_percent(*error) : "-";
}

// What a reader looks for first is shown even where nothing changed.
bool is_main(const std::string& path) {
  for (const char* main : {"step_time_s", "tokens_per_s", "mfu", "bubble_fraction", "memory.peak_bytes", "compute_s",
                           "exposed_communication_s", "idle_s"})
    if (path == main) return true;
  return false;
}

std::string metrics_table(const Compare& compare) {
  Table table;
  table.row({"", "A", "B", "B - A", "change"});
  for (const Compare::Row& row : compare.rows()) {
    // Conventions of counting FLOPs change together; the JSON has each.
    if ((row.a == row.b && !is_main(row.path)) || row.path.starts_with("flops_conventions.")) continue;
    table.row({row.path, row.only_in_b ? "-" : value_text(row.path, row.a),
               row.only_in_a ? "-" : value_text(row.path, row.b), difference_text(row), error_text(row.error())});
  }
  return table.str();
}

std::string texts_table(const Compare& compare) {
  std::string text;
  for (const auto& [path, a] : compare.of_a.texts)
    for (const auto& [other, b] : compare.of_b.texts)
      if (path == other && a != b) text += "  " + path + ": " + a + " | " + b + "\n";
  return text.empty() ? "" : "\nDifferent\n" + text;
}

std::string seconds_text(Duration d) {
  return value_text("_s", d.seconds());
}
std::string change_text(Duration change) {
  return (change > Duration() ? "+" : "") + seconds_text(change);
}
std::optional<double> relative(Duration a, Duration b) {
  if (a <= Duration()) return {};
  return b.seconds() / a.seconds() - 1;
}

std::string operations_table(const interop::TraceAlignment& events, std::size_t top) {
  Table table("ll");
  table.row({"operation", "category", "count A", "count B", "A", "B", "B - A", "change"});
  std::size_t shown = 0;
  for (const auto& o : events.operations) {
    if (shown == top) break;
    if (o.change() == Duration() && o.count_a == o.count_b) continue;
    ++shown;
    table.row({o.name, o.category, grouped(o.count_a), grouped(o.count_b), seconds_text(o.a), seconds_text(o.b),
               change_text(o.change()), error_text(relative(o.a, o.b))});
  }
  return shown == 0 ? "\nEvery operation takes the same time in both.\n"
                    : "\nOperations that changed most, all ranks and steps together\n" + table.str();
}

std::string place(const interop::EventIdentity& e) {
  std::string text = e.rank;
  if (e.step >= 0) text += ", step " + std::to_string(e.step);
  if (!e.action.empty()) text += ", " + e.action + std::to_string(e.micro_batch) + "." + std::to_string(e.chunk);
  return text;
}

std::string events_table(const interop::TraceAlignment& events, std::size_t top) {
  if (events.events.empty()) return "";
  Table table("lll");
  table.row({"event", "where", "row", "A", "B", "B - A", "change"});
  for (std::size_t i = 0; i < std::min(top, events.events.size()); ++i) {
    const auto& e = events.events[i];
    table.row({e.event.name, place(e.event), e.event.row, seconds_text(e.a), seconds_text(e.b), change_text(e.change()),
               error_text(relative(e.a, e.b))});
  }
  return "\nEvents that changed most\n" + table.str();
}

std::string alignment(const interop::TraceAlignment& events) {
  return "\n" + grouped(events.aligned) + " events are in both; " + grouped(events.only_in_a) + " only in A (" +
         seconds_text(events.time_only_in_a) + "), " + grouped(events.only_in_b) + " only in B (" +
         seconds_text(events.time_only_in_b) + ")\n";
}

ordered_json events_json(const interop::TraceAlignment& events) {
  ordered_json operations = ordered_json::array(), changed = ordered_json::array();
  for (const auto& o : events.operations)
    operations.push_back({{"operation", o.name},
                          {"category", o.category},
                          {"count", {o.count_a, o.count_b}},
                          {"time_s", {o.a.seconds(), o.b.seconds()}},
                          {"difference_s", o.change().seconds()}});
  for (const auto& e : events.events)
    changed.push_back({{"event", e.event.name},
                       {"category", e.event.category},
                       {"rank", e.event.rank},
                       {"row", e.event.row},
                       {"step", e.event.step},
                       {"action", e.event.action},
                       {"micro_batch", e.event.micro_batch},
                       {"chunk", e.event.chunk},
                       {"time_s", {e.a.seconds(), e.b.seconds()}},
                       {"difference_s", e.change().seconds()}});
  return {{"aligned", events.aligned},
          {"only_in_a", {{"events", events.only_in_a}, {"time_s", events.time_only_in_a.seconds()}}},
          {"only_in_b", {{"events", events.only_in_b}, {"time_s", events.time_only_in_b.seconds()}}},
          {"operations", operations},
          {"events", changed}};
}

}  // namespace

std::optional<double> Compare::Row::error() const {
  if (only_in_a || only_in_b || a == 0) return a == b ? std::optional(0.0) : std::nullopt;
  return b / a - 1;
}

std::vector<Compare::Row> Compare::rows() const {
  std::vector<Row> rows;
  for (const auto& [path, value] : of_a.numbers) rows.push_back({path, value, 0, true, false});
  for (const auto& [path, value] : of_b.numbers) {
    const auto row = std::find_if(rows.begin(), rows.end(), [&name = path](const Row& r) { return r.path == name; });
    if (row == rows.end())
      rows.push_back({path, 0, value, false, true});
    else
      row->b = value, row->only_in_a = false;
  }
  return rows;
}

std::optional<std::pair<std::string, double>> Compare::worst() const {
  std::optional<std::pair<std::string, double>> worst;
  for (const Row& row : rows()) {
    const auto error = row.error();
    if ((row.path != "step_time_s" && row.path != "memory.peak_bytes") || !error) continue;
    if (!worst || std::abs(*error) > std::abs(worst->second)) worst = {row.path, *error};
  }
  return worst;
}

std::string compare_text(const Compare& compare, std::size_t top) {
  std::string text = "A  " + compare.a + "\nB  " + compare.b + "\n\n" + metrics_table(compare) + texts_table(compare);
  if (!compare.events) return text;
  return text + alignment(*compare.events) + operations_table(*compare.events, top) +
         events_table(*compare.events, top);
}

std::string compare_json(const Compare& compare) {
  ordered_json metrics = ordered_json::array();
  for (const Compare::Row& row : compare.rows()) {
    ordered_json out{{"metric", row.path}, {"a", nullptr}, {"b", nullptr}, {"difference", nullptr}, {"error", nullptr}};
    if (!row.only_in_b) out["a"] = row.a;
    if (!row.only_in_a) out["b"] = row.b;
    if (!row.only_in_a && !row.only_in_b) out["difference"] = row.b - row.a;
    if (const auto error = row.error()) out["error"] = *error;
    metrics.push_back(std::move(out));
  }
  ordered_json out{{"schema_version", 1}, {"a", compare.a}, {"b", compare.b}, {"worst_error", nullptr}};
  if (const auto worst = compare.worst()) out["worst_error"] = worst->second;
  out["metrics"] = std::move(metrics);
  if (compare.events) out["trace"] = events_json(*compare.events);
  return out.dump(2, ' ', false, ordered_json::error_handler_t::replace) + '\n';
}

// Of results their figures, of traces their operations: one table a file.
std::string compare_csv(const Compare& compare) {
  const auto number = [](double x) { return ordered_json(x).dump(); };
  if (!compare.events) {
    std::string text = "metric,a,b,difference,error\n";
    for (const Compare::Row& row : compare.rows()) {
      const auto error = row.error();
      text += csv_field(row.path) + "," + (row.only_in_b ? "" : number(row.a)) + "," +
              (row.only_in_a ? "" : number(row.b)) + "," + number(row.b - row.a) + "," + (error ? number(*error) : "") +
              "\n";
    }
    return text;
  }
  std::string text = "operation,category,count_a,count_b,a_s,b_s,difference_s\n";
  for (const auto& o : compare.events->operations)
    text += csv_field(o.name) + "," + csv_field(o.category) + "," + std::to_string(o.count_a) + "," +
            std::to_string(o.count_b) + "," + number(o.a.seconds()) + "," + number(o.b.seconds()) + "," +
            number(o.change().seconds()) + "\n";
  return text;
}

}  // namespace orrery::report

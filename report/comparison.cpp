#include "report/comparison.h"

#include "report/text.h"

namespace orrery::report {
namespace {

using validate::Compared;

constexpr std::size_t kMostRanks = 16;  // rows of the table of ranks; the JSON has all

std::string error_text(const Compared& c) {
  const auto error = c.error();
  return error ? signed_percent(*error) : "-";
}

std::vector<std::string> time_row(const std::string& name, const Compared& c) {
  return {name, human_seconds(c.predicted), human_seconds(c.measured), error_text(c)};
}

std::string whole(const validate::Comparison& c) {
  Table table;
  table.row({"", "predicted", "measured", "error"});
  table.row(time_row("step", c.step_s));
  table.row({"waiting (bubble and late peers)", percent(c.bubble_fraction.predicted),
             percent(c.bubble_fraction.measured),
             fixed(100 * (c.bubble_fraction.predicted - c.bubble_fraction.measured), 2) + " points"});
  table.row(time_row("exposed communication", c.exposed_s));
  table.row({"peak memory, GiB", gib(Bytes{static_cast<std::int64_t>(c.peak_bytes.predicted)}),
             gib(Bytes{static_cast<std::int64_t>(c.peak_bytes.measured)}), error_text(c.peak_bytes)});
  return table.str();
}

std::string classes(const validate::Comparison& c) {
  Table table;
  table.row({"kind of op", "count", "predicted", "measured", "error"});
  for (const validate::ComparedClass& one : c.classes) {
    std::vector<std::string> row = time_row(one.name, one.time_s);
    row.insert(row.begin() + 1, grouped(one.count));
    table.row(std::move(row));
  }
  return table.str();
}

std::string ranks(const validate::Comparison& c) {
  Table table;
  table.row({"rank", "step", "error", "busy", "exposed", "bubble", "peak", "order"});
  for (const validate::ComparedRank& r : c.ranks) {
    if (r.rank.value >= kMostRanks) break;
    table.row({std::to_string(r.rank.value), human_seconds(r.step_s.measured), error_text(r.step_s),
               error_text(r.busy_s), error_text(r.exposed_s), error_text(r.bubble_s), error_text(r.peak_bytes),
               fixed(r.order_tau, 4)});
  }
  const std::size_t hidden = c.ranks.size() > kMostRanks ? c.ranks.size() - kMostRanks : 0;
  return table.str() + (hidden > 0 ? "  and " + std::to_string(hidden) + " more ranks (--format json)\n" : "");
}

}  // namespace

std::string comparison_report(const Validation& v) {
  const validate::Comparison& c = v.comparison;
  std::string text = v.prediction.scenario + " on " + v.device + " (" + v.transport + "), " + std::to_string(v.steps) +
                     " steps\n\n" + whole(c);
  text += "\nmeasured step: median of " + std::to_string(c.measured_steps) + ", from " +
          human_seconds(c.measured_low_s) + " to " + human_seconds(c.measured_high_s) +
          "; order of op starts: Kendall's tau " + fixed(c.order_tau, 4) + " (lowest rank)\n";
  text += "\nBy kind of op, all ranks of one step\n" + classes(c);
  text += "\nBy rank (measured step; errors of its parts)\n" + ranks(c);
  return text;
}

}  // namespace orrery::report

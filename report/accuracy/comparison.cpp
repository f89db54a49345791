#include "report/accuracy/comparison.h"

#include "report/text.h"

namespace orrery::report {
namespace {

using validate::Compared;

constexpr std::size_t kMostRows = 16;  // of the table of ranks; the JSON has all

std::string error_text(const Compared& c) {
  const auto error = c.error();
  return error ? signed_percent(*error) : "-";
}

std::vector<std::string> time_row(const std::string& name, const Compared& c) {
  return {name, human_seconds(c.predicted), human_seconds(c.measured), error_text(c)};
}

std::vector<std::string> memory_row(const std::string& name, const Compared& c) {
  return {name, gib(Bytes{static_cast<std::int64_t>(c.predicted)}), gib(Bytes{static_cast<std::int64_t>(c.measured)}),
          error_text(c)};
}

std::string whole(const validate::Comparison& c) {
  Table table;
  table.row({"", "predicted", "measured", "error"});
  table.row(time_row("step", c.step_s));
  table.row({"waiting (bubble and late peers)", percent(c.bubble_fraction.predicted),
             percent(c.bubble_fraction.measured),
             fixed(100 * (c.bubble_fraction.predicted - c.bubble_fraction.measured), 2) + " points"});
  table.row(time_row("exposed communication", c.exposed_s));
  table.row(memory_row("peak memory, GiB", c.peak_bytes));
  if (c.reserved_bytes) table.row(memory_row("reserved, GiB", *c.reserved_bytes));
  if (c.runtime_bytes) table.row(memory_row("context and libraries, GiB", *c.runtime_bytes));
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

std::vector<std::string> rank_row(const validate::ComparedRank& r) {
  return {human_seconds(r.step_s.measured), error_text(r.step_s),     error_text(r.busy_s), error_text(r.exposed_s),
          error_text(r.bubble_s),           error_text(r.peak_bytes), fixed(r.order_tau, 4)};
}

// Neighbours that read the same share a row: "8 to 15".
std::string ranks(const validate::Comparison& c) {
  Table table;
  table.row({"rank", "step", "error", "busy", "exposed", "bubble", "peak", "order"});
  std::size_t rows = 0, at = 0;
  while (at < c.ranks.size() && rows < kMostRows) {
    std::vector<std::string> row = rank_row(c.ranks[at]);
    std::size_t end = at + 1;
    while (end < c.ranks.size() && rank_row(c.ranks[end]) == row) ++end;
    std::string name = std::to_string(c.ranks[at].rank.value);
    if (end - at > 1) name += " to " + std::to_string(c.ranks[end - 1].rank.value);
    row.insert(row.begin(), name);
    table.row(std::move(row));
    at = end, ++rows;
  }
  const std::size_t hidden = c.ranks.size() - at;
  return table.str() + (hidden > 0 ? "  and " + std::to_string(hidden) + " more ranks (--format json)\n" : "");
}

}  // namespace

std::string measured_steps(const validate::Comparison& c) {
  std::string text = c.measured_steps == 1
                         ? "one measured step (more with --steps)"
                         : "measured step: median of " + std::to_string(c.measured_steps) + ", from " +
                               human_seconds(c.measured_low_s) + " to " + human_seconds(c.measured_high_s);
  if (c.timing_cost) text += "; " + signed_percent(*c.timing_cost) + " where each op was timed, as all else here is";
  return text;
}

std::string comparison_report(const Validation& v) {
  const validate::Comparison& c = v.comparison;
  std::string text = v.prediction.scenario + " on " + v.device + " (" + v.transport + "), " + std::to_string(v.steps) +
                     (v.steps == 1 ? " step" : " steps") + "\n\n" + whole(c);
  text +=
      '\n' + measured_steps(c) + "; order of op starts: Kendall's tau " + fixed(c.order_tau, 4) + " (lowest rank)\n";
  text += "\nBy kind of op, all ranks of one step\n" + classes(c);
  text += "\nBy rank (measured step; errors of its parts)\n" + ranks(c);
  for (const std::string& note : v.notes) text += "\nnote: " + note;
  return text + (v.notes.empty() ? "" : "\n");
}

}  // namespace orrery::report

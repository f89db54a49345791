#include "report/collective/collective_reproduction.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "report/collective/error_sizes.h"
#include "report/text.h"

namespace orrery::report {
namespace {

using Rows = std::vector<std::vector<std::string>>;  // the heading first

struct Titled {
  std::string title, aligned;  // a column each: l or r
  Rows rows;
};

std::string p90_of(const std::vector<SizedError>& errors) {
  return errors.empty() ? "-" : percent(sizes_of(errors).p90);
}

std::string met_or_missed(bool holds) {
  return holds ? "met" : "missed";
}

std::vector<std::string> error_row(const std::string& platform, const std::string& operation,
                                   const std::vector<SizedError>& errors, const std::string& spread) {
  const ErrorSizes sizes = sizes_of(errors);
  return {platform,
          operation,
          std::to_string(sizes.n),
          percent(sizes.mean),
          percent(sizes.median),
          percent(sizes.worst),
          p90_of(below(kLargeMessage, errors)),
          p90_of(from(kLargeMessage, errors)),
          spread,
          met_or_missed(keeps_to_bars(errors))};
}

// Of measurements that repeat; else the most that rows which contradict each other lie apart.
std::string spread_of(const ReproducedSeries& series, const CollectiveReproduction& reproduction) {
  double spread = series.spread;
  if (spread == 0)
    for (const Contradiction& c : reproduction.contradictions)
      if (c.platform == series.platform && c.operation == series.operation) spread = std::max(spread, c.apart);
  return spread > 0 ? percent(spread) : "-";
}

Titled platform_table(const CollectiveReproduction& reproduction) {
  Titled table{"By platform (median 5 % and 90th percentile 10 % from 16 MiB on, 10 and 20 % below)",
               "llrrrrrrrl",
               {{"platform", "operation", "n", "mean", "median", "worst", "p90 < 16 MiB", "p90 >= 16 MiB", "spread",
                 "held to"}}};
  std::vector<SizedError> all;
  for (const ReproducedSeries& s : reproduction.series) {
    table.rows.push_back(error_row(s.platform, s.operation, s.errors, spread_of(s, reproduction)));
    all.insert(all.end(), s.errors.begin(), s.errors.end());
  }
  table.rows.push_back(error_row("all", "", all, ""));
  return table;
}

Titled contradiction_table(const CollectiveReproduction& reproduction) {
  Titled table{"Rows that contradict others of their log, which errors count all the same",
               "lllrl",
               {{"platform", "operation", "rows", "apart", "because"}}};
  for (const Contradiction& c : reproduction.contradictions)
    table.rows.push_back({c.platform, c.operation, c.rows, percent(c.apart), c.because});
  return table;
}

Titled architecture_table(const CollectiveReproduction& reproduction) {
  Titled table{"By architecture, whose constants serve all its platforms (median 15 %, 90th percentile 30 %)",
               "llrrrl",
               {{"architecture", "operation", "n", "median", "p90", "held to"}}};
  for (const ReproducedSeries& s : by_architecture(reproduction)) {
    const ErrorSizes sizes = sizes_of(s.errors);
    table.rows.push_back({s.architecture, s.operation, std::to_string(sizes.n), percent(sizes.median),
                          percent(sizes.p90), met_or_missed(kArchitectureBar.holds(sizes))});
  }
  return table;
}

Titled crossover_table(const CollectiveReproduction& reproduction) {
  Titled table{"Where times go over from one choice of NCCL's to the next",
               "lllrrr",
               {{"platform", "operation", "from, to", "n", "within x2", "worst, powers of 2"}}};
  int n = 0, within = 0;
  for (const CrossoverKind& k : by_kind(reproduction.crossovers)) {
    const std::string sign = k.worst > 0 ? "+" : "";
    table.rows.push_back({k.platform, k.operation, k.from + ", " + k.to, std::to_string(k.n),
                          std::to_string(k.within_one), sign + significant(k.worst)});
    n += k.n, within += k.within_one;
  }
  table.rows.push_back({"all", "", "", std::to_string(n), std::to_string(within), ""});
  return table;
}

std::string text_of(const Titled& titled) {
  Table table(titled.aligned);
  for (const auto& row : titled.rows) table.row(row);
  return titled.title + "\n\n" + table.str("") + "\n";
}

std::string row_of_cells(const std::vector<std::string>& cells) {
  std::string line = "|";
  for (const std::string& cell : cells) line += " " + cell + " |";
  return line + "\n";
}

std::string markdown_of(const Titled& titled) {
  std::string text = titled.title + ":\n\n" + row_of_cells(titled.rows.front()) + "|";
  for (const char side : titled.aligned) text += side == 'l' ? "---|" : "---:|";
  text += "\n";
  for (std::size_t i = 1; i < titled.rows.size(); ++i) text += row_of_cells(titled.rows[i]);
  return text + "\n";
}

constexpr const char* kLegend =
    "Errors are of time, without their sign. p90: nine in ten rows are within it. spread: how far measurements of the "
    "same\n"
    "thing lie apart, or rows that contradict each other. n of crossovers: sweeps of one number of ranks, element type "
    "and version of NCCL.\n";

nlohmann::ordered_json json_of(const ErrorSizes& sizes) {
  return {{"n", sizes.n},
          {"mean_error", sizes.mean},
          {"median_error", sizes.median},
          {"p90_error", sizes.p90},
          {"worst_error", sizes.worst}};
}

}  // namespace

std::string collective_reproduction_text(const CollectiveReproduction& reproduction) {
  std::string text = text_of(platform_table(reproduction));
  if (!reproduction.contradictions.empty()) text += text_of(contradiction_table(reproduction));
  text += text_of(architecture_table(reproduction));
  if (!reproduction.crossovers.empty()) text += text_of(crossover_table(reproduction));
  text += kLegend;
  for (const std::string& line : reproduction.left_out) text += "left out: " + line + "\n";
  return text;
}

std::string collective_reproduction_markdown(const CollectiveReproduction& reproduction) {
  return markdown_of(platform_table(reproduction)) + markdown_of(contradiction_table(reproduction)) +
         markdown_of(architecture_table(reproduction)) + markdown_of(crossover_table(reproduction)) + kLegend;
}

std::string collective_reproduction_json(const CollectiveReproduction& reproduction) {
  using nlohmann::ordered_json;
  ordered_json series = ordered_json::array(), architectures = series, crossovers = series, contradictions = series;
  for (const ReproducedSeries& s : reproduction.series) {
    ordered_json row{{"platform", s.platform}, {"operation", s.operation}};
    row.update(json_of(sizes_of(s.errors)));
    row["spread"] = s.spread;
    row["met"] = keeps_to_bars(s.errors);
    row["below_16_mib"] = json_of(sizes_of(below(kLargeMessage, s.errors)));
    row["from_16_mib"] = json_of(sizes_of(from(kLargeMessage, s.errors)));
    series.push_back(std::move(row));
  }
  for (const ReproducedSeries& s : by_architecture(reproduction)) {
    ordered_json row{{"architecture", s.architecture}, {"operation", s.operation}};
    row.update(json_of(sizes_of(s.errors)));
    architectures.push_back(std::move(row));
  }
  for (const Crossover& c : reproduction.crossovers)
    crossovers.push_back({{"platform", c.platform},
                          {"operation", c.operation},
                          {"ranks", c.ranks},
                          {"from", c.from},
                          {"to", c.to},
                          {"predicted_bytes", c.predicted.n},
                          {"seen_bytes", c.seen.n}});
  for (const Contradiction& c : reproduction.contradictions)
    contradictions.push_back({{"platform", c.platform},
                              {"operation", c.operation},
                              {"rows", c.rows},
                              {"apart", c.apart},
                              {"because", c.because}});
  const ordered_json document{{"series", std::move(series)},
                              {"contradictions", std::move(contradictions)},
                              {"architectures", std::move(architectures)},
                              {"crossovers", std::move(crossovers)},
                              {"left_out", reproduction.left_out}};
  return document.dump(2) + "\n";
}

}  // namespace orrery::report

#include "report/accuracy/reproduction.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "report/text.h"
#include "sim/base/read/fields.h"

namespace orrery::report {
namespace {

std::string source_of(const ReproducedRow& row) {
  return row.source.substr(0, row.source.find(','));
}

SourceAccuracy& summary_of(const std::string& source, std::vector<SourceAccuracy>& all) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const auto& s) { return s.source == source; });
  if (found != all.end()) return *found;
  SourceAccuracy summary;
  summary.source = source;
  return all.emplace_back(std::move(summary));
}

std::optional<AccuracyBar> bar_for(const std::string& source, const std::vector<AccuracyBar>& bars) {
  for (const AccuracyBar& bar : bars)
    if (source.starts_with(bar.source)) return bar;
  return std::nullopt;
}

std::string held_to(const SourceAccuracy& s) {
  return s.bar ? percent(s.bar->mean) + ", " + percent(s.bar->worst) : "-";
}

std::string verdict(const SourceAccuracy& s) {
  if (s.failed > 0) return std::to_string(s.failed) + " failed";
  if (!s.bar) return "";
  return s.met() ? "met" : "NOT MET";
}

std::string file_name(const std::string& path) {
  return path.substr(path.find_last_of('/') + 1);
}

// The cells of a row: scenario, metric, predicted, published, error.
std::vector<std::string> cells(const ReproducedRow& row) {
  if (!row.predicted) return {file_name(row.file), row.metric, row.failure, significant(row.published), "-"};
  return {file_name(row.file), row.metric, significant(*row.predicted), significant(row.published),
          signed_percent(row.error())};
}

std::vector<std::string> cells(const SourceAccuracy& s) {
  return {s.source,  std::to_string(s.rows), percent(s.mean), signed_percent(s.bias), percent(s.worst), held_to(s),
          verdict(s)};
}

std::string markdown_row(const std::vector<std::string>& row) {
  std::string text = "|";
  for (const std::string& cell : row) text += ' ' + cell + " |";
  return text + '\n';
}

const std::vector<std::string> kRowHeader{"scenario", "metric", "predicted", "published", "error"};
const std::vector<std::string> kSourceHeader{"source", "rows", "mean", "bias", "worst", "held to (mean, worst)", ""};

}  // namespace

orrery::Result<std::vector<AccuracyBar>> read_accuracy_bars(const std::string& path) {
  const auto document = read_document(path);
  if (!document) return document.errors();
  Errors errors;
  std::vector<AccuracyBar> bars;
  Fields file(*document, "", errors);
  if (const Node* list = file.node("bars")) {
    for (const Node& item : list->items) {
      Fields fields(item, "bars", errors);
      fields.require({"source", "mean", "worst"});
      bars.push_back({fields.text("source").value_or(""), fields.number("mean", 0, 10).value_or(0),
                      fields.number("worst", 0, 10).value_or(0)});
      fields.finish();
    }
  }
  file.finish();
  if (!errors.empty()) return errors;
  return bars;
}

std::vector<SourceAccuracy> accuracy_by_source(const std::vector<ReproducedRow>& rows,
                                               const std::vector<AccuracyBar>& bars) {
  std::vector<SourceAccuracy> all;
  for (const ReproducedRow& row : rows) {
    SourceAccuracy& s = summary_of(source_of(row), all);
    ++s.rows;
    if (!row.predicted) {
      ++s.failed;
      continue;
    }
    s.mean += std::abs(row.error());
    s.bias += row.error();
    s.worst = std::max(s.worst, std::abs(row.error()));
  }
  for (SourceAccuracy& s : all) {
    const int ran = std::max(1, s.rows - s.failed);
    s.mean /= ran;
    s.bias /= ran;
    s.bar = bar_for(s.source, bars);
  }
  return all;
}

std::string reproduction_table(const std::vector<ReproducedRow>& rows, const std::vector<SourceAccuracy>& sources) {
  Table each("ll"), all("l");
  each.row(kRowHeader);
  for (const ReproducedRow& row : rows) each.row(cells(row));
  all.row(kSourceHeader);
  for (const SourceAccuracy& s : sources) all.row(cells(s));
  return each.str() + '\n' + all.str();
}

std::string reproduction_markdown(const std::vector<ReproducedRow>& rows, const std::vector<SourceAccuracy>& sources) {
  std::string text = markdown_row(kSourceHeader) + "|---|---:|---:|---:|---:|---:|---|\n";
  for (const SourceAccuracy& s : sources) text += markdown_row(cells(s));
  text += '\n' + markdown_row(kRowHeader) + "|---|---|---:|---:|---:|\n";
  for (const ReproducedRow& row : rows) text += markdown_row(cells(row));
  return text;
}

std::string reproduction_json(const std::vector<ReproducedRow>& rows, const std::vector<SourceAccuracy>& sources) {
  using nlohmann::ordered_json;
  ordered_json out{{"rows", ordered_json::array()}, {"sources", ordered_json::array()}};
  for (const ReproducedRow& row : rows) {
    ordered_json one{{"scenario", row.scenario},
                     {"file", row.file},
                     {"metric", row.metric},
                     {"source", row.source},
                     {"published", row.published}};
    if (row.predicted) one["predicted"] = *row.predicted, one["relative_error"] = row.error();
    if (!row.failure.empty()) one["failure"] = row.failure;
    out["rows"].push_back(std::move(one));
  }
  for (const SourceAccuracy& s : sources) {
    ordered_json one{{"source", s.source}, {"rows", s.rows},         {"failed", s.failed}, {"mean_error", s.mean},
                     {"bias", s.bias},     {"worst_error", s.worst}, {"met", s.met()}};
    if (s.bar) one["held_to"] = {{"mean_error", s.bar->mean}, {"worst_error", s.bar->worst}};
    out["sources"].push_back(std::move(one));
  }
  return out.dump(2) + '\n';
}

}  // namespace orrery::report

#include "report/collective/collective_reproduction.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "report/text.h"

namespace orrery::report {
namespace {

struct Sizes {
  double mean = 0, median = 0, worst = 0;
};

Sizes sizes_of(const std::vector<double>& errors) {
  if (errors.empty()) return {};
  std::vector<double> sizes;
  double sum = 0;
  for (const double error : errors) sizes.push_back(std::abs(error)), sum += std::abs(error);
  std::sort(sizes.begin(), sizes.end());
  const std::size_t n = sizes.size();
  return {sum / static_cast<double>(n), (sizes[(n - 1) / 2] + sizes[n / 2]) / 2, sizes.back()};
}

}  // namespace

std::string collective_reproduction_text(const CollectiveReproduction& reproduction) {
  Table table("llrrrrr");
  table.row({"platform", "operation", "n", "mean", "median", "worst", "spread"});
  std::vector<double> all;
  for (const ReproducedSeries& s : reproduction.series) {
    const Sizes sizes = sizes_of(s.errors);
    table.row({s.platform, s.operation, std::to_string(s.errors.size()), percent(sizes.mean), percent(sizes.median),
               percent(sizes.worst), s.spread > 0 ? percent(s.spread) : "-"});
    all.insert(all.end(), s.errors.begin(), s.errors.end());
  }
  const Sizes sizes = sizes_of(all);
  table.row(
      {"all", "", std::to_string(all.size()), percent(sizes.mean), percent(sizes.median), percent(sizes.worst), ""});
  std::string text = table.str("");
  text += "\nErrors are of time, without their sign. spread: how far measurements of the same thing lie apart.\n";
  for (const std::string& line : reproduction.left_out) text += "left out: " + line + "\n";
  return text;
}

std::string collective_reproduction_json(const CollectiveReproduction& reproduction) {
  using nlohmann::ordered_json;
  ordered_json series = ordered_json::array();
  for (const ReproducedSeries& s : reproduction.series) {
    const Sizes sizes = sizes_of(s.errors);
    series.push_back({{"platform", s.platform},
                      {"operation", s.operation},
                      {"n", s.errors.size()},
                      {"mean_error", sizes.mean},
                      {"median_error", sizes.median},
                      {"worst_error", sizes.worst},
                      {"spread", s.spread}});
  }
  const ordered_json document{{"series", std::move(series)}, {"left_out", reproduction.left_out}};
  return document.dump(2) + "\n";
}

}  // namespace orrery::report

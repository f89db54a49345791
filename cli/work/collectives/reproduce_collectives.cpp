#include "cli/work/collectives/reproduce_collectives.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>
#include <tuple>

#include "cli/work/collectives/collective_bench.h"
#include "cli/work/collectives/crossovers.h"

namespace orrery::cli {
namespace {

using interop::CollectiveMeasurement;
using Rows = std::vector<const CollectiveMeasurement*>;

// A bandwidth printed as "0.01" is a time within half of itself: nothing to be held to.
constexpr double kMostRounding = 0.05;

constexpr const char* kTables[] = {"nccl_single_node.csv", "nccl_tests_logs.csv"};

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

bool contains(const std::string& text, const std::string& word) {
  return lower(text).find(lower(word)) != std::string::npos;
}

// Of measurements of one size on as many ranks: (most - least) / median, and the median of those.
double spread_of(const Rows& rows) {
  std::map<std::tuple<int, int, std::int64_t, std::string>, std::vector<double>> same;
  for (const CollectiveMeasurement* row : rows)
    same[{row->nodes, row->gpus_per_node, row->bytes.n, row->algorithm}].push_back(row->microseconds);
  std::vector<double> spreads;
  for (auto& [key, times] : same) {
    if (times.size() < 2) continue;
    std::sort(times.begin(), times.end());
    spreads.push_back((times.back() - times.front()) / times[times.size() / 2]);
  }
  if (spreads.empty()) return 0;
  std::sort(spreads.begin(), spreads.end());
  return spreads[spreads.size() / 2];
}

// Rows that one communicator can have run, as one program would.
std::vector<Rows> sweeps_of(const Rows& rows) {
  std::map<std::tuple<int, int, std::string, std::string, std::string>, Rows> by_run;
  for (const CollectiveMeasurement* row : rows)
    by_run[{row->nodes, row->gpus_per_node, row->dtype, row->nccl, row->algorithm}].push_back(row);
  std::vector<Rows> sweeps;
  for (auto& [run, sweep] : by_run) sweeps.push_back(std::move(sweep));
  return sweeps;
}

void add_errors(const CollectiveBench& bench, const Rows& rows, report::ReproducedSeries& series) {
  std::vector<Bytes> sizes;
  for (const CollectiveMeasurement* row : rows) sizes.push_back(row->bytes);
  const std::vector<models::CollectiveRow> table = bench.table(sizes);
  for (std::size_t i = 0; i < rows.size(); ++i)
    series.errors.push_back({sizes[i], table[i].time.seconds() * 1e6 / rows[i]->microseconds - 1});
}

class Reproduction {
 public:
  Reproduction(PublishedCollectives published, SearchPath path)
      : published_(std::move(published)), path_(std::move(path)) {}

  void add(const CollectiveMeasurement& row) {
    const std::vector<CollectivePlatform>& platforms = published_.platforms;
    const auto at = std::find_if(platforms.begin(), platforms.end(), [&](const CollectivePlatform& p) {
      return contains(row.gpu, p.gpu) && contains(row.platform, p.platform);
    });
    if (at == platforms.end() || !at->skip.empty()) {
      ++left_out_[row.platform + ": " + (at == platforms.end() ? "no preset" : at->skip)];
      return;
    }
    if (row.rounding > kMostRounding) {
      ++left_out_[row.platform + ": their bandwidths are printed with too few digits"];
      return;
    }
    Series& series = series_[{row.platform, std::string(sim::to_string(row.kind))}];
    series.platform = &*at;
    series.rows.push_back(&row);
  }

  Result<report::CollectiveReproduction> run() const {
    report::CollectiveReproduction out;
    for (const auto& [name, series] : series_) {
      report::ReproducedSeries reproduced{name.first, "", name.second, {}, spread_of(series.rows)};
      for (const Rows& sweep : sweeps_of(series.rows)) {
        const Result<CollectiveBench> bench = CollectiveBench::of(*series.platform, *sweep.front(), path_);
        if (!bench) return bench.errors();
        reproduced.architecture = bench->architecture();
        add_errors(*bench, sweep, reproduced);
        for (report::Crossover& crossover : crossovers_of(*bench, sweep))
          out.crossovers.push_back(std::move(crossover));
      }
      out.series.push_back(std::move(reproduced));
    }
    for (const report::Contradiction& c : published_.contradictions)
      if (series_.contains({c.platform, c.operation})) out.contradictions.push_back(c);
    for (const auto& [what, count] : left_out_) out.left_out.push_back(std::to_string(count) + " rows of " + what);
    return out;
  }

 private:
  struct Series {
    const CollectivePlatform* platform = nullptr;
    Rows rows;
  };

  PublishedCollectives published_;
  SearchPath path_;
  std::map<std::pair<std::string, std::string>, Series> series_;  // by platform and operation
  std::map<std::string, int> left_out_;
};

}  // namespace

Result<report::CollectiveReproduction> reproduce_collectives(const std::string& folder) {
  const SearchPath path = SearchPath::standard("");
  Result<PublishedCollectives> published = read_published_collectives(path);
  if (!published) return published.errors();
  Reproduction reproduction(std::move(*published), path);
  std::vector<std::vector<CollectiveMeasurement>> tables;
  for (const char* name : kTables) {
    const std::string file = (std::filesystem::path(folder) / name).string();
    std::error_code none;
    if (!std::filesystem::exists(file, none)) continue;
    Result<std::vector<CollectiveMeasurement>> rows = interop::read_collective_rows(file);
    if (!rows) return rows.errors();
    tables.push_back(std::move(*rows));
  }
  if (tables.empty())
    return Error{{folder, 0, 0}, "holds neither nccl_single_node.csv nor nccl_tests_logs.csv", Fault::io};
  for (const auto& rows : tables)
    for (const CollectiveMeasurement& row : rows) reproduction.add(row);
  return reproduction.run();
}

}  // namespace orrery::cli

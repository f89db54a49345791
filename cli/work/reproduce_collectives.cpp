#include "cli/work/reproduce_collectives.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>
#include <tuple>

#include "cli/options/preset_cluster.h"
#include "interop/collective_rows.h"
#include "models/collectives/planner.h"
#include "models/collectives/table.h"
#include "sim/base/fields.h"

namespace orrery::cli {
namespace {

using interop::CollectiveMeasurement;

constexpr const char* kTables[] = {"nccl_single_node.csv", "nccl_tests_logs.csv"};

struct Platform {
  std::string gpu, platform, cluster, skip;
  bool nvl = false;  // hosts are trays of one NVLink domain
};

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

bool contains(const std::string& text, const std::string& word) {
  return lower(text).find(lower(word)) != std::string::npos;
}

Result<std::vector<Platform>> read_platforms(const SearchPath& path) {
  const Result<std::string> file = path.find("published", "collectives", {"scenarios/published", 0, 0});
  if (!file) return file.errors();
  const Result<Node> document = read_document(*file);
  if (!document) return document.errors();
  Errors errors;
  std::vector<Platform> platforms;
  Fields top(*document, "collectives", errors);
  top.require({"platforms"});
  if (const Node* list = top.node("platforms"))
    for (const Node& item : list->items) {
      Fields f(item, "platforms", errors);
      Platform p;
      p.gpu = f.text("gpu").value_or("");
      p.platform = f.text("platform").value_or("");
      p.cluster = f.text("cluster").value_or("");
      p.skip = f.text("skip").value_or("");
      p.nvl = f.flag("nvl").value_or(false);
      f.finish();
      platforms.push_back(std::move(p));
    }
  top.finish();
  if (!errors.empty()) return errors;
  return platforms;
}

// `rows` are of one operation among as many ranks.
Result<std::vector<double>> errors_of(const Platform& platform, const std::vector<const CollectiveMeasurement*>& rows,
                                      const SearchPath& path) {
  const CollectiveMeasurement& first = *rows.front();
  PresetCluster wanted{.preset = platform.cluster};
  if (platform.nvl) {
    wanted.gpus = std::to_string(first.nodes * first.gpus_per_node);
  } else {
    wanted.nodes = std::to_string(first.nodes);
    wanted.gpus_per_node = std::to_string(first.gpus_per_node);
  }
  const Result<topology::ClusterSpec> cluster = read_preset_cluster(wanted, path);
  if (!cluster) return cluster.errors();
  Result<topology::Fabric> built = topology::Fabric::build(*cluster);
  if (!built) return built.errors();
  const auto fabric = std::make_shared<const topology::Fabric>(std::move(*built));
  const auto facts = models::read_collective_facts(path, *cluster);
  if (!facts) return facts.errors();
  const auto planner = models::make_planner(fabric, models::Network::flow, *facts);
  std::vector<RankId> ranks;
  for (int rank = 0; rank < fabric->gpus(); ++rank) ranks.push_back({static_cast<std::uint32_t>(rank)});
  std::vector<Bytes> sizes;
  for (const CollectiveMeasurement* row : rows) sizes.push_back(row->bytes);
  std::vector<double> errors;
  const auto table = models::collective_table(*fabric, *planner, first.kind, ranks, sizes);
  for (std::size_t i = 0; i < rows.size(); ++i)
    errors.push_back(table[i].time.seconds() * 1e6 / rows[i]->microseconds - 1);
  return errors;
}

// Of measurements of one size on as many ranks: (most - least) / median, and the median of those.
double spread_of(const std::vector<const CollectiveMeasurement*>& rows) {
  std::map<std::tuple<int, int, std::int64_t>, std::vector<double>> same;
  for (const CollectiveMeasurement* row : rows)
    same[{row->nodes, row->gpus_per_node, row->bytes.n}].push_back(row->microseconds);
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

class Reproduction {
 public:
  Reproduction(std::vector<Platform> platforms, SearchPath path)
      : platforms_(std::move(platforms)), path_(std::move(path)) {}

  void add(const CollectiveMeasurement& row) {
    const auto at = std::find_if(platforms_.begin(), platforms_.end(), [&](const Platform& p) {
      return contains(row.gpu, p.gpu) && contains(row.platform, p.platform);
    });
    if (at == platforms_.end() || !at->skip.empty())
      ++left_out_[row.platform + ": " + (at == platforms_.end() ? "no preset" : at->skip)];
    else
      series_[{row.platform, std::string(sim::to_string(row.kind))}].emplace_back(&row, &*at);
  }

  Result<report::CollectiveReproduction> run() const {
    report::CollectiveReproduction out;
    for (const auto& [name, rows] : series_) {
      report::ReproducedSeries series{name.first, name.second, {}, 0};
      std::map<std::pair<int, int>, std::vector<const CollectiveMeasurement*>> by_ranks;
      std::vector<const CollectiveMeasurement*> all;
      for (const auto& [row, platform] : rows) {
        by_ranks[{row->nodes, row->gpus_per_node}].push_back(row);
        all.push_back(row);
      }
      for (const auto& [ranks, batch] : by_ranks) {
        const Result<std::vector<double>> errors = errors_of(*rows.front().second, batch, path_);
        if (!errors) return errors.errors();
        series.errors.insert(series.errors.end(), errors->begin(), errors->end());
      }
      series.spread = spread_of(all);
      out.series.push_back(std::move(series));
    }
    for (const auto& [what, count] : left_out_) out.left_out.push_back(std::to_string(count) + " rows of " + what);
    return out;
  }

 private:
  std::vector<Platform> platforms_;
  SearchPath path_;
  std::map<std::pair<std::string, std::string>, std::vector<std::pair<const CollectiveMeasurement*, const Platform*>>>
      series_;
  std::map<std::string, int> left_out_;
};

}  // namespace

Result<report::CollectiveReproduction> reproduce_collectives(const std::string& folder) {
  const SearchPath path = SearchPath::standard("");
  Result<std::vector<Platform>> platforms = read_platforms(path);
  if (!platforms) return platforms.errors();
  Reproduction reproduction(std::move(*platforms), path);
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

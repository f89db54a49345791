#include "models/collectives/times/measured_transfers.h"

#include <algorithm>
#include <set>

#include "models/compute/portable_math.h"

namespace orrery::models {

namespace {

// Times the largest size that was measured: what is all latency says nothing of a byte.
constexpr double kReach = 8;

std::uint64_t key_of(const TransferPoint& point) {
  return Digest()
      .add(static_cast<std::uint64_t>(point.kind))
      .add(static_cast<std::uint64_t>(point.ranks))
      .add(static_cast<std::uint64_t>(point.nodes))
      .add(static_cast<std::uint64_t>(point.bytes.n))
      .value();
}

}  // namespace

MeasuredTransfers::MeasuredTransfers(const Calibration& calibration, const Drawing& drawing) {
  for (const TransferLine& line : calibration.transfer_lines) {
    Table& table = known_[{line.kind, line.ranks, line.nodes}];
    table.alpha = line.alpha_s, table.beta = line.beta_s_per_byte;
  }
  for (const TransferPoint& point : calibration.transfers)
    known_[{point.kind, point.ranks, point.nodes}].points.emplace_back(static_cast<double>(point.bytes.n),
                                                                       drawing.draw(point.seconds, key_of(point)));
  for (auto& [group, table] : known_) std::sort(table.points.begin(), table.points.end());
}

std::optional<MeasuredTransfers::Time> MeasuredTransfers::time(sim::TransferKind kind, int ranks, int nodes,
                                                               Bytes bytes) const {
  const auto known = known_.find({as_measured(kind), ranks, nodes});
  if (known == known_.end()) return std::nullopt;
  const Table& table = known->second;
  if (!table.points.empty() && static_cast<double>(bytes.n) > kReach * table.points.back().first) return std::nullopt;
  const double all = seconds(table, static_cast<double>(bytes.n));
  const double least = table.points.empty() ? table.alpha : table.points.front().second;
  return Time{std::min(least, all), all};
}

double MeasuredTransfers::seconds(const Table& table, double bytes) {
  if (table.points.empty()) return table.alpha + table.beta * bytes;
  const auto above = std::lower_bound(table.points.begin(), table.points.end(), std::pair(bytes, 0.0));
  if (above == table.points.begin()) return above->second;
  const auto [low_bytes, low_seconds] = *(above - 1);
  if (above == table.points.end())
    return low_seconds + (bytes - low_bytes) * (table.beta > 0 ? table.beta : low_seconds / low_bytes);
  // A size of 0 bytes has no logarithm.
  if (low_bytes < 1) return above->second;
  const double share = portable_log2(bytes / low_bytes) / portable_log2(above->first / low_bytes);
  return low_seconds * portable_exp2(share * portable_log2(above->second / low_seconds));
}

int count_nodes(const topology::Fabric& fabric, std::span<const RankId> ranks) {
  std::set<int> nodes;
  for (const RankId rank : ranks) nodes.insert(fabric.node_of(rank));
  return static_cast<int>(nodes.size());
}

}  // namespace orrery::models

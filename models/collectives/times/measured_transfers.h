#pragma once

#include <map>
#include <optional>
#include <span>
#include <tuple>
#include <vector>

#include "models/compute/calibration/calibration.h"
#include "models/compute/drawing.h"
#include "topology/fabric.h"

namespace orrery::models {

// How long transfers took on the machine that a calibration is of.
//
// A kind of transfer among so many ranks on so many nodes is known by its points, or
// by its line alone where a file has no points. Between two sizes log(time) is linear
// in log(bytes); below the smallest size a transfer takes as long as that (there it
// is all latency), beyond the largest the bytes that are over take what the line, or
// the largest point, says of a byte.
class MeasuredTransfers {
 public:
  MeasuredTransfers() = default;
  explicit MeasuredTransfers(const Calibration& calibration, const Drawing& drawing = {});

  bool empty() const { return known_.empty(); }
  bool knows(sim::TransferKind kind, int ranks, int nodes) const {
    return known_.contains({as_measured(kind), ranks, nodes});
  }

  struct Time {
    double startup = 0, seconds = 0;  // that pass before bytes flow; in all
  };
  // None where nothing of this kind was measured among so many, or only far smaller ones.
  std::optional<Time> time(sim::TransferKind kind, int ranks, int nodes, Bytes bytes) const;

 private:
  struct Table {
    std::vector<std::pair<double, double>> points;  // bytes, seconds; rising in bytes
    double alpha = 0, beta = 0;                     // of the line; 0: none
  };
  static double seconds(const Table& table, double bytes);
  // Copies between GPU and host are measured one way.
  static sim::TransferKind as_measured(sim::TransferKind kind) {
    return sim::is_copy(kind) ? sim::TransferKind::copy : kind;
  }

  std::map<std::tuple<sim::TransferKind, int, int>, Table> known_;
};

// How many nodes these GPUs are on.
int count_nodes(const topology::Fabric& fabric, std::span<const RankId> ranks);

}  // namespace orrery::models

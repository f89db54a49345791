#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cli/work/collectives/collective_platforms.h"
#include "interop/collective_rows.h"
#include "models/collectives/planner.h"
#include "models/collectives/table.h"

namespace orrery::cli {

// The cluster of a published row, all of it in one group, with the version of NCCL, the element type and the algorithm
// that the row names. Times are those that its bench would print.
class CollectiveBench {
 public:
  static Result<CollectiveBench> of(const CollectivePlatform& platform, const interop::CollectiveMeasurement& row,
                                    const SearchPath& path);

  std::vector<models::CollectiveRow> table(std::span<const Bytes> sizes, models::Forced forced = {}) const;
  std::string architecture() const;  // "hopper"
  int ranks() const { return static_cast<int>(ranks_.size()); }

 private:
  sim::TransferKind kind_ = sim::TransferKind::all_reduce;
  bool int8_ = false;
  Duration call_;
  std::optional<models::Algorithm> algorithm_;
  std::shared_ptr<const topology::Fabric> fabric_;
  std::shared_ptr<const models::CollectiveFacts> facts_;
  std::vector<RankId> ranks_;
};

}  // namespace orrery::cli

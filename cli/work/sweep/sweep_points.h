#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/work/sweep/run_point.h"
#include "cli/work/sweep/sweep_scenarios.h"
#include "sweep/pool.h"
#include "sweep/space.h"
#include "sweep/store/store.h"

namespace orrery::cli {

// A scenario with its sweep, read once, and how each of its points is worked out.
class SweepPoints {
 public:
  // Errors are the user's: of the file, of the section, of what the scenario has wrong at every point.
  static Result<SweepPoints> read(const std::string& file, const std::vector<models::Override>& overrides);

  const sweep::Space& space() const { return space_; }
  // Of a store of shard `shard` of `shards`.
  sweep::Meta meta(std::uint32_t shard, std::uint32_t shards) const;
  // Points of a shard: shard, shard + shards, shard + 2 shards…, as neighbours take about as long.
  std::vector<std::uint64_t> of_shard(std::uint32_t shard, std::uint32_t shards) const;

  // Reads, compiles and runs one point.
  sweep::Row evaluate(std::uint64_t point, const PointTools& tools) const;

 private:
  SweepPoints() = default;
  bool is_written(std::string_view path) const;
  Errors check_names() const;
  Errors check_everywhere() const;
  sweep::Outcome outcome_of(Node tree, std::uint64_t point, const PointTools& tools) const;
  std::optional<std::string> ruled_out(const sweep::Expression& condition, const sweep::Lookup& lookup) const;
  std::string config_of(std::uint64_t point) const;

  std::string file_;
  sweep::Space space_;
  SweepScenarios scenarios_;
  std::string sweep_digest_, data_;
};

}  // namespace orrery::cli

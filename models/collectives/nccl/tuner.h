#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "models/collectives/algorithm.h"
#include "sim/base/read/search_path.h"
#include "sim/base/result.h"
#include "sim/program.h"

namespace orrery::models {

// A plugin that clouds ship: what it has NCCL run in place of NCCL's own choice, by the
// number of ranks and bytes (software/tuners/<name>.yaml).
class Tuner {
 public:
  struct Stretch {
    Choice choice;
    std::vector<std::pair<double, double>> until;  // ranks, bytes; rising in ranks; empty: to the end
  };

  int ranks_per_node = 8, least_nodes = 1;  // groups that it knows
  std::map<sim::TransferKind, std::vector<Stretch>> stretches;

  // Nothing where it leaves the choice to NCCL.
  std::optional<Choice> choice(sim::TransferKind kind, double bytes, int ranks, int nodes) const;
};

Result<Tuner> read_tuner(const SearchPath& path, const std::string& name, const Where& asked_at);

}  // namespace orrery::models

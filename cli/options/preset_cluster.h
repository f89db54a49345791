#pragma once

#include <string>

#include "sim/base/read/search_path.h"
#include "topology/hardware.h"

namespace orrery::cli {

// The cluster section of a scenario as options say it; empty texts were not given. `preset`
// may be a scenario's file (.yaml, .yml, .json), whose cluster it then is.
struct PresetCluster {
  std::string preset, nodes = "", gpus = "", gpus_per_node = "";
};

// Faults are placed at the options: "--nodes: …".
Result<topology::ClusterSpec> read_preset_cluster(const PresetCluster& cluster, const SearchPath& path);

}  // namespace orrery::cli

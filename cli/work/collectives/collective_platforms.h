#pragma once

#include <string>
#include <vector>

#include "report/collective/collective_reproduction.h"
#include "sim/base/read/search_path.h"
#include "sim/base/result.h"

namespace orrery::cli {

// Which cluster published rows are compared with.
struct CollectivePlatform {
  std::string gpu, platform, cluster, skip;
  std::string nccl;  // version of rows that name none
  Duration call;     // what their bench takes for each call besides
  bool nvl = false;  // hosts are trays of one NVLink domain
};

// What is known of published runs (scenarios/published/collectives.yaml).
struct PublishedCollectives {
  std::vector<CollectivePlatform> platforms;
  std::vector<report::Contradiction> contradictions;
};

Result<PublishedCollectives> read_published_collectives(const SearchPath& path);

}  // namespace orrery::cli

#pragma once

#include "interop/import/chakra/layout/pipeline.h"
#include "interop/import/chakra/layout/roles.h"

namespace orrery::interop::chakra {

// How the job is split over its ranks, as its transfers tell, and what they do not.
struct Split {
  std::int64_t tp = 1, dp = 1;
  int zero = 0;
  std::string zero_why;
  std::vector<std::string> remarks;
};

// `steps` and `roles`: of one rank of each stage.
Split split_of(const World& world, const Pipeline& pipeline, const std::vector<RankStep>& steps,
               const std::vector<Roles>& roles);

}  // namespace orrery::interop::chakra

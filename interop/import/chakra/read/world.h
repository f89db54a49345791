#pragma once

#include <map>

#include "interop/import/chakra/read/trace.h"
#include "sim/base/result.h"

namespace orrery::interop::chakra {

// All ranks of a job together.
struct World {
  std::vector<RankTrace> ranks;
  std::int64_t size = 0;  // more than `ranks` where one trace stands for all of them
  std::map<std::string, std::vector<std::uint32_t>> members;  // of a group: the ranks in whose traces it is

  std::int64_t size_of(const std::string& group) const;
};

// The rank in a file's name, "prefix.RANK.et"; -1: none.
std::int64_t rank_of(const std::string& file);

// Traces in the order of their ranks. Errors: ranks that are missing or there twice, collectives
// that the ranks of a group do not run alike, sends that nobody receives. `size`: ranks of
// the job, where there is one trace for all; 0: as many as there are traces.
Result<World> join(std::vector<RankTrace> traces, std::int64_t size);

}  // namespace orrery::interop::chakra

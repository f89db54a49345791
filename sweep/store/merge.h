#pragma once

#include <string>
#include <vector>

#include "sim/base/result.h"

namespace orrery::sweep {

// Joins shards into a new store (or into one of the same sweep). Of a point that several
// have, the better status wins, then the later. Shards that are broken are errors that name them;
// with `skip_broken` they are left out and told in `skipped`.
Errors merge(const std::string& into, const std::vector<std::string>& shards, bool skip_broken,
             std::vector<std::string>& skipped);

}  // namespace orrery::sweep

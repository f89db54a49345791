#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sim/base/result.h"
#include "sweep/point.h"

namespace orrery::sweep {

// Of rows of one point the one with the better status stays, then the later: `best` has one a point.
void keep_better(std::map<std::uint64_t, Row>& best, std::vector<Row> rows);

// Joins shards into a new store (or into one of the same sweep, whose rows count too).
// Shards that are broken are errors that name them; with `skip_broken` they are left out
// and told in `skipped`.
Errors merge(const std::string& into, const std::vector<std::string>& shards, bool skip_broken,
             std::vector<std::string>& skipped);

}  // namespace orrery::sweep
